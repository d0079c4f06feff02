import { createHmac } from "node:crypto";
import { keyObject, lengthPrefixed } from "./cipher.ts";
import type { Keyring } from "./keyring/keyring.ts";

export type IndexKind =
  | "phone"
  | "user-id"
  | "external-id"
  | "identifier"
  | "case"
  | "value"
  | "code"
  | "conversation"
  | "patient"
  | "person";

/** Keyed hashes by which sealed values are found: plain hashes of phone numbers are guessed in minutes. */
export interface BlindIndex {
  /** 16 bytes. */
  of(kind: IndexKind, ...parts: readonly string[]): Buffer;
  /** 16 bytes, under a key of its own: what the seen-list keeps for ever. */
  seen(channel: string, externalId: string, part: string): Buffer;
}

const INDEX_BYTES = 16;

export function createBlindIndex(keyring: Keyring): BlindIndex {
  const hmac = (key: Buffer, parts: readonly string[]) =>
    createHmac("sha256", keyObject(key))
      .update(lengthPrefixed(...parts))
      .digest();
  return {
    of: (kind, ...parts) => hmac(keyring.named("blind-index"), [kind, ...parts]).subarray(0, INDEX_BYTES),
    seen: (channel, externalId, part) =>
      hmac(keyring.named("seen"), [channel, externalId, part]).subarray(0, INDEX_BYTES),
  };
}
