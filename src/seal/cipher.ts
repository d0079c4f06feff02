import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { BotenstoffError } from "#src/message/error-code.ts";

const ALGORITHM = "aes-256-gcm";
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
const NO_SALT = Buffer.alloc(0);

/** AES-256-GCM with a random 96-bit nonce: nonce ‖ ciphertext ‖ tag (NIST SP 800-38D). */
export function encrypt(key: Buffer, plain: Uint8Array, aad: Buffer, nonce = randomBytes(NONCE_BYTES)): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws BotenstoffError SEAL_BROKEN when key, place or bytes do not fit */
export function decrypt(key: Buffer, sealed: Uint8Array, aad: Buffer): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw broken();
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw broken(cause);
  }
}

/**
 * One 32-byte subkey of a 32-byte key: HKDF-SHA256 (RFC 5869) with an empty salt. The built-in costs less than the one
 * HMAC of HKDF-Expand would: a Hmac object is dearer than its hashing.
 */
export function subkey(key: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, NO_SALT, info, KEY_BYTES));
}

/** Parts joined so that no two lists read the same. */
export function lengthPrefixed(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(""), "utf8");
}

function broken(cause?: unknown): BotenstoffError {
  return new BotenstoffError("SEAL_BROKEN", "opening a sealed value: it does not fit its key and place", { cause });
}
