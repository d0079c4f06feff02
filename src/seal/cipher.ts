import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import { BotenstoffError } from "#src/message/error-code.ts";

const ALGORITHM = "aes-256-gcm";
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
/** HKDF-Extract with an empty salt is an HMAC under 32 zero bytes (RFC 5869 §2.2). */
const NO_SALT = createSecretKey(Buffer.alloc(32));
const FIRST_BLOCK = Buffer.from([1]);

/** AES-256-GCM with a random 96-bit nonce: nonce ‖ ciphertext ‖ tag (NIST SP 800-38D). */
export function encrypt(key: Buffer | KeyObject, plain: Uint8Array, aad: Buffer): Buffer {
  return Buffer.concat(encryptPieces(key, [plain], aad));
}

/** The same of bytes that lie in several pieces, in pieces: none of them is copied. */
export function encryptPieces(
  key: Buffer | KeyObject,
  plain: readonly Uint8Array[],
  aad: Buffer,
  nonce = freshNonce(),
): Buffer[] {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  const sealed = plain.map((piece) => cipher.update(piece));
  // In GCM nothing is left for the end.
  cipher.final();
  return [nonce, ...sealed, cipher.getAuthTag()];
}

const NONCES_AT_ONCE = 512;
let nonces = Buffer.alloc(0);

/** Random bytes never handed out before; the generator is asked for many at once, for a call costs as much as a kilobyte. */
function freshNonce(): Buffer {
  if (nonces.length === 0) nonces = randomBytes(NONCE_BYTES * NONCES_AT_ONCE);
  const nonce = nonces.subarray(0, NONCE_BYTES);
  nonces = nonces.subarray(NONCE_BYTES);
  return nonce;
}

/** @throws BotenstoffError SEAL_BROKEN when key, place or bytes do not fit */
export function decrypt(key: Buffer | KeyObject, sealed: Uint8Array, aad: Buffer): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw broken();
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const plain = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
    // In GCM nothing is left for the end but the verdict on the tag; a copy of every frame would be garbage.
    decipher.final();
    return plain;
  } catch (cause) {
    throw broken(cause);
  }
}

/**
 * One 32-byte subkey of a 32-byte key: HKDF-SHA256 (RFC 5869) with an empty salt; 32 bytes are its first block, so one
 * HMAC under the extracted key is all there is to do per row.
 */
export function subkey(key: Buffer, info: string): Buffer {
  return createHmac("sha256", extracted(key)).update(info).update(FIRST_BLOCK).digest();
}

/** The same, ready for one use after the other: node spends 15 µs on a key given as bytes and 1 µs on a key object. */
export function subkeyObject(key: Buffer, info: string): KeyObject {
  // What is sealed or opened of a row comes one after the other.
  const last = LAST_SUBKEYS.get(key);
  if (last?.info === info) return last.subkey;
  const made = createSecretKey(subkey(key, info));
  LAST_SUBKEYS.set(key, { info, subkey: made });
  return made;
}

/** The key as an object, made once for as long as its bytes are held. */
export function keyObject(key: Buffer): KeyObject {
  return cached(KEY_OBJECTS, key, createSecretKey);
}

/** HKDF-Extract, once for as long as the key's bytes are held: a destroyed key takes what came of it along. */
function extracted(key: Buffer): KeyObject {
  return cached(EXTRACTED, key, (bytes) => createSecretKey(createHmac("sha256", NO_SALT).update(bytes).digest()));
}

const LAST_SUBKEYS = new WeakMap<Buffer, { readonly info: string; readonly subkey: KeyObject }>();
const KEY_OBJECTS = new WeakMap<Buffer, KeyObject>();
const EXTRACTED = new WeakMap<Buffer, KeyObject>();

function cached(cache: WeakMap<Buffer, KeyObject>, key: Buffer, make: (key: Buffer) => KeyObject): KeyObject {
  const known = cache.get(key);
  if (known) return known;
  const made = make(key);
  cache.set(key, made);
  return made;
}

/** Parts joined so that no two lists read the same. */
export function lengthPrefixed(...parts: readonly string[]): Buffer {
  let joined = "";
  for (const part of parts) joined += `${Buffer.byteLength(part)}:${part}`;
  return Buffer.from(joined, "utf8");
}

function broken(cause?: unknown): BotenstoffError {
  return new BotenstoffError("SEAL_BROKEN", "opening a sealed value: it does not fit its key and place", { cause });
}
