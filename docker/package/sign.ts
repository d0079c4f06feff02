import { createHash, createPrivateKey, sign } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** SHA256SUMS as `sha256sum --check` reads it. @returns its path */
export async function sumFiles(files: readonly string[], out: string): Promise<string> {
  const lines: string[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    lines.push(`${hash.digest("hex")}  ${basename(file)}\n`);
  }
  const sums = join(out, "SHA256SUMS");
  await writeFile(sums, lines.join(""));
  return sums;
}

/**
 * Signs with Ed25519, as `openssl pkeyutl -verify -rawin -pubin -inkey key.pub -sigfile SHA256SUMS.sig -in SHA256SUMS`
 * checks it. @returns the path of the signature; nothing without a key
 */
export async function signFiles(sums: string, keyFile: string | undefined): Promise<string | undefined> {
  if (keyFile === undefined || keyFile === "") return undefined;
  const key = createPrivateKey(await readFile(keyFile));
  const signature = `${sums}.sig`;
  await writeFile(signature, sign(null, await readFile(sums), key));
  return signature;
}
