import { createHash } from "node:crypto";
import type { Keyring } from "#src/seal/keyring/keyring.ts";
import { canonicalJson, signDetached } from "#src/seal/signature.ts";

/** What the engine states about one purge; signed with the keyring's Ed25519 key over its canonical JSON. */
export interface Certificate {
  readonly version: 1;
  readonly purge_id: string;
  /** Start of the epoch, ISO 8601 UTC. */
  readonly epoch_start: string;
  readonly purged_at: string;
  /** Messages whose content was destroyed, each filed, filtered or withdrawn, and past its retention. */
  readonly messages_destroyed: number;
  /** Messages that moved on to a later epoch because they may not be destroyed yet. */
  readonly messages_survived: number;
  /** SHA-256 over the sorted ids of the destroyed messages, one per line: anyone holding the ids can check it. */
  readonly message_ids_sha256: string;
  readonly partitions_dropped: true;
  readonly blobs_removed: true;
  readonly epoch_key_destroyed: true;
  readonly signing_key_id: string;
}

export function makeCertificate(
  keyring: Keyring,
  purge: { id: string; epoch: number; at: string; survivors: number; ids: readonly string[] },
): { certificate: Certificate; signature: Buffer } {
  const certificate: Certificate = {
    version: 1,
    purge_id: purge.id,
    epoch_start: new Date(purge.epoch * 1_000).toISOString(),
    purged_at: purge.at,
    messages_destroyed: purge.ids.length,
    messages_survived: purge.survivors,
    message_ids_sha256: createHash("sha256")
      .update(purge.ids.map((id) => `${id}\n`).join(""))
      .digest("hex"),
    partitions_dropped: true,
    blobs_removed: true,
    epoch_key_destroyed: true,
    signing_key_id: keyring.signingKey().keyId,
  };
  return { certificate, signature: signDetached(keyring, Buffer.from(canonicalJson(certificate))) };
}
