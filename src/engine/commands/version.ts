import { readFile } from "node:fs/promises";

const PACKAGE = new URL("../../../package.json", import.meta.url);

/** The engine's version, as its package says: "0.1.0". */
export async function engineVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, "utf8")) as { version: string };
  return version;
}
