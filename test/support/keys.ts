import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBlindIndex, type BlindIndex } from "#src/seal/blind-index.ts";
import { createBlobStore, type BlobStore } from "#src/seal/blobs/blob-store.ts";
import { openFileKeyring } from "#src/seal/keyring/file-keyring.ts";
import type { Keyring } from "#src/seal/keyring/keyring.ts";
import { createSealer, type Sealer } from "#src/seal/sealer.ts";

export interface TestKeys extends AsyncDisposable {
  readonly directory: string;
  readonly keyring: Keyring;
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
  readonly blobs: BlobStore;
}

/** A keyring and a blob store in a folder of their own, removed at the end. */
export async function createTestKeys(): Promise<TestKeys> {
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-keys-"));
  const keyring = openFileKeyring({ directory: join(directory, "keyring"), masterKey: randomBytes(32) });
  return {
    directory,
    keyring,
    sealer: createSealer(keyring),
    blindIndex: createBlindIndex(keyring),
    blobs: createBlobStore({ directory: join(directory, "blobs"), keyring }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
