import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { openFileKeyring } from "#src/seal/keyring/file-keyring.ts";
import { BotenstoffError } from "#src/message/error-code.ts";

/** A directory of its own, gone when the scope ends. */
export function temporaryDirectory() {
  const path = mkdtempSync(join(tmpdir(), "botenstoff-seal-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export const MASTER_KEY = createHash("sha256").update("a master key for tests").digest();
export const EPOCH = 1_763_856_000;
export const ROW = "0b8c6f0e-3f0a-5d2b-9a55-2f1f3e0f4c11";

export function keyringIn(directory: string, masterKey = MASTER_KEY) {
  return openFileKeyring({ directory: join(directory, "keyring"), masterKey });
}

/** Every regular file below a directory. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Whether any file below the directory holds the bytes, as they are, in hex or in base64. */
export function isAnywhere(directory: string, secret: Buffer): boolean {
  const forms = [secret, Buffer.from(secret.toString("hex")), Buffer.from(secret.toString("base64").slice(0, 24))];
  return filesBelow(directory).some((file) => {
    const content = readFileSync(file);
    return forms.some((form) => content.includes(form));
  });
}

/** The code of the BotenstoffError an action throws; anything else it does is a failure of the test. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof BotenstoffError) return error.code;
    throw error;
  }
  throw new Error("nothing was thrown");
}
