import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { bundle, type Bundle } from "./bundle.ts";

/** Where `npm run web:build` puts what an install without a compiler serves. */
export const BUILT = fileURLToPath(new URL("../built", import.meta.url));
/** In that folder, beside the assets: which of them the document names. */
export const ENTRIES = "entries.json";

type Coding = "identity" | "gzip" | "br";

/** An asset in every coding a browser may ask for. */
export interface Served {
  readonly type: string;
  readonly bodies: Readonly<Record<Coding, Buffer>>;
}

export interface Assets {
  readonly entries: Pick<Bundle, "script" | "style" | "icon">;
  get(name: string): Served | undefined;
}

/** The assets made beforehand, or those compiled now. */
export async function loadAssets(folder = BUILT): Promise<Assets> {
  const { script, style, icon, assets } = (await readBuilt(folder)) ?? (await bundle());
  const served = await Promise.all(
    assets.map(async ({ name, bytes }) => [name, { type: typeOf(name), bodies: await encode(bytes) }] as const),
  );
  const byName = new Map(served);
  return { entries: { script, style, icon }, get: (name) => byName.get(name) };
}

async function readBuilt(folder: string): Promise<Bundle | undefined> {
  const entries = await readFile(join(folder, ENTRIES), "utf8").catch(() => undefined);
  if (entries === undefined) return undefined;
  const names = (await readdir(folder)).filter((name) => name !== ENTRIES);
  const assets = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })));
  return { ...(JSON.parse(entries) as Assets["entries"]), assets };
}

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}

/** Tens of kilobytes, compressed once: a quality between the quickest and the best. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

async function encode(bytes: Uint8Array): Promise<Served["bodies"]> {
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(bytes, BROTLI), promisify(gzip)(bytes)]);
  return { identity: Buffer.from(bytes), gzip: zipped, br };
}
