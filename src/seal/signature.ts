import { sign, verify, type KeyObject } from "node:crypto";
import type { Keyring } from "./keyring/keyring.ts";

/** An Ed25519 signature (RFC 8032), 64 bytes. */
export function signDetached(keyring: Keyring, bytes: Uint8Array): Buffer {
  return sign(null, bytes, keyring.signingKey().privateKey);
}

export function verifyDetached(publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, bytes, publicKey, signature);
}

/**
 * JSON with members sorted by UTF-16 code units and no white space (RFC 8785 §3.2). Says what `JSON.stringify` says:
 * dates become text, `undefined` members vanish.
 */
export function canonicalJson(value: unknown): string {
  return write(JSON.parse(JSON.stringify(value)));
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(",")}}`;
}
