import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What may be shipped beside an engine under Apache-2.0: permissive, or weak copyleft linked dynamically. */
const ALLOWED = new Set([
  "MIT",
  "MIT-0",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "PostgreSQL",
  "Zlib",
  "BlueOak-1.0.0",
  "Unlicense",
  "CC0-1.0",
  "OFL-1.1",
  "LGPL-3.0",
  "LGPL-3.0-or-later",
]);
/** Packages whose package.json names no licence, or not by its identifier: what their own files say. */
export const NAMED: Readonly<Record<string, string>> = {
  "png-js": "MIT",
  "dejavu-fonts-ttf": "Bitstream-Vera",
  "@expo-google-fonts/noto-emoji": "MIT AND OFL-1.1",
};
const FONT = new Set(["Bitstream-Vera"]);

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string | { readonly type?: string };
}

/** Every package below an engine's node_modules with its licence and the text of it. */
export async function collectLicences(app: string): Promise<{ licences: string; refused: string[] }> {
  const refused: string[] = [];
  const texts: string[] = [];
  for (const folder of await packages(join(app, "node_modules"))) {
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
    const { name = "", version = "" } = manifest;
    const licence = NAMED[name] ?? licenceOf(manifest);
    if (!isAllowed(licence)) refused.push(`${name}@${version} (${licence})`);
    texts.push(`${name} ${version}: ${licence}\n\n${await textIn(folder)}`);
  }
  return { licences: texts.sort().join(`\n${"-".repeat(80)}\n`), refused };
}

function licenceOf({ license }: Manifest): string {
  return (typeof license === "string" ? license : license?.type) ?? "none named";
}

/** Of alternatives one must be allowed, of what holds together all. */
export function isAllowed(licence: string): boolean {
  const bare = licence.replaceAll(/[()]/g, "");
  return bare
    .split(" OR ")
    .some((one) => one.split(" AND ").every((part) => ALLOWED.has(part.trim()) || FONT.has(part.trim())));
}

async function packages(modules: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(modules, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const folder = join(modules, entry.name);
    if (entry.name.startsWith("@")) {
      for (const name of await readdir(folder)) found.push(...(await withNested(join(folder, name))));
    } else if (!entry.name.startsWith(".")) found.push(...(await withNested(folder)));
  }
  return found;
}

async function withNested(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return [...(names.includes("package.json") ? [folder] : []), ...(await packages(join(folder, "node_modules")))];
}

async function textIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts = names.map((name) => readFile(join(folder, name), "utf8").catch(() => ""));
  return (await Promise.all(texts)).join("\n").trim();
}
