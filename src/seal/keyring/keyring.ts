import type { KeyObject } from "node:crypto";

export type NamedKey = "blind-index" | "seen" | "directory";

/** Keeps the keys outside the database. All keys are 32 bytes. */
export interface Keyring {
  /** The epoch's key, made on first use. @throws BotenstoffError EPOCH_KEY_DESTROYED after its purge */
  epochKey(epoch: number): Buffer;
  /** The epoch's key, never made. @throws BotenstoffError EPOCH_KEY_DESTROYED, SEAL_BROKEN when there is none */
  openEpochKey(epoch: number): Buffer;
  /** For ever: no key of this epoch can be made again. Doing it twice is harmless. */
  destroyEpochKey(epoch: number): void;
  /** Forgets the keys that another engine has destroyed: they are to be in nobody's memory. */
  forgetDestroyed(): void;
  /** The generations of the directory whose keys are there, oldest first. */
  generations(): number[];
  /** Every epoch whose key was destroyed. */
  destroyed(): number[];
  /** Long-lived keys, made on first use. */
  named(name: NamedKey): Buffer;
  /** Whether the key was made already. */
  hasNamed(name: NamedKey): boolean;
  /** Ed25519, for certificates and journal checkpoints. */
  signingKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly keyId: string };
}

/**
 * Values of this epoch number are sealed under the directory key, which no purge destroys; patients and cases under the key
 * of a generation of the directory, which is the epoch with its number below zero.
 */
export const DIRECTORY_EPOCH = 0;
