import { sign, verify, type KeyObject } from "node:crypto";
import type { Keyring } from "./keyring.ts";

/** An Ed25519 signature (RFC 8032), 64 bytes. */
export function signDetached(keyring: Keyring, bytes: Uint8Array): Buffer {
  return sign(null, bytes, keyring.signingKey().privateKey);
}

export function verifyDetached(publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, bytes, publicKey, signature);
}

/** JSON with sorted members and no white space (RFC 8785 for the values used here: strings, integers, booleans, null). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
