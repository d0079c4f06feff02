import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Release } from "./release.ts";

interface Bom {
  serialNumber?: string;
  readonly metadata: { timestamp?: string };
  readonly components: Record<string, unknown>[];
}

/** The CycloneDX list of what is in the packages: npm's own, plus the runtime; the same bytes from the same commit. */
export async function describeParts(release: Release, app: string, out: string): Promise<string> {
  const npm = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"];
  const bom = JSON.parse(execFileSync("npm", npm, { cwd: app, encoding: "utf8", maxBuffer: 1 << 26 })) as Bom;
  bom.metadata.timestamp = new Date(release.epoch * 1_000).toISOString();
  const { version } = JSON.parse(await readFile(join(app, "node_modules/node/package.json"), "utf8")) as {
    version: string;
  };
  bom.components.push({
    type: "platform",
    "bom-ref": `node@${version}-runtime`,
    name: "Node.js",
    version,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  });
  bom.serialNumber = `urn:uuid:${uuidOf(`${release.name}@${release.version} ${release.commit}`)}`;
  const file = join(out, `${release.name}-${release.version}.cdx.json`);
  await writeFile(file, `${JSON.stringify(bom, null, 2)}\n`);
  return file;
}

/** RFC 9562 version 8: the first bits of a hash. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((parseInt(hex[16] ?? "0", 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
