import type { Clock } from "#src/message/clock.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Binding } from "./binding.ts";
import { decrypt, encryptPieces, lengthPrefixed, subkeyObject } from "./cipher.ts";
import { DIRECTORY_EPOCH, type Keyring } from "./keyring/keyring.ts";

/** First byte of every sealed value. */
const VERSION = 1;
const VERSION_BYTE = Buffer.from([VERSION]);

/** Seals values for one place in the store, so that they open nowhere else. */
export interface Sealer {
  seal(place: Binding, plain: Uint8Array): Buffer;
  /** @throws BotenstoffError SEAL_BROKEN, EPOCH_KEY_DESTROYED */
  open(place: Binding, sealed: Uint8Array): Buffer;
}

/** First byte of a value under a key of a generation, whose number follows. */
const OF_GENERATION = 2;
const GENERATION_BYTES = 4;

/** Tables of the directory whose rows move to the next generation's key before the former is destroyed. */
const GENERATIONAL: ReadonlySet<string> = new Set(["patient", "encounter"]);

/** How long a key of the directory is used; the next one is made when it is over. */
export const GENERATION_MS = 30 * 86_400_000;

/** The generation of a moment: the directory's key is not for ever, or what was deleted could be read in an old backup for ever. */
export function generationAt(now: number): number {
  return Math.floor(now / GENERATION_MS);
}

/** The generation a sealed value of the directory is of; 0: of the time before there were any. */
export function generationOf(sealed: Uint8Array): number {
  return sealed[0] === OF_GENERATION ? Buffer.from(sealed).readUInt32BE(1) : 0;
}

/**
 * @param tenant bound into every value; one keyring may one day serve several
 * @param now by which the directory's generation is told
 */
export function createSealer(keyring: Keyring, tenant = "default", now: Clock = Date.now): Sealer {
  let newest = 0;
  /** Not one that is destroyed: a clock that was ahead for a while may have ended it. */
  const current = (): number => {
    newest = Math.max(newest, generationAt(now()));
    for (;;) {
      try {
        keyring.epochKey(-newest);
        return newest;
      } catch (error) {
        if (!(error instanceof BotenstoffError) || error.code !== "EPOCH_KEY_DESTROYED") throw error;
        newest += 1;
      }
    }
  };
  const seal = (place: Binding, plain: Uint8Array): Buffer => {
    if (isGenerational(place)) {
      const generation = current();
      const prefix = Buffer.alloc(1 + GENERATION_BYTES, OF_GENERATION);
      prefix.writeUInt32BE(generation, 1);
      const there = { ...place, epoch: -generation };
      const key = keyring.epochKey(there.epoch);
      return Buffer.concat([prefix, ...encryptPieces(subkeyObject(key, place.row), [plain], bind(tenant, there))]);
    }
    const key = place.epoch === DIRECTORY_EPOCH ? keyring.named("directory") : keyring.epochKey(place.epoch);
    const pieces = encryptPieces(subkeyObject(key, place.row), [plain], bind(tenant, place));
    return Buffer.concat([VERSION_BYTE, ...pieces]);
  };
  const open = (place: Binding, sealed: Uint8Array): Buffer => {
    if (sealed[0] === OF_GENERATION && isGenerational(place)) {
      const there = { ...place, epoch: -generationOf(sealed) };
      const key = keyring.openEpochKey(there.epoch);
      return decrypt(subkeyObject(key, place.row), sealed.subarray(1 + GENERATION_BYTES), bind(tenant, there));
    }
    if (sealed[0] !== VERSION) {
      throw new BotenstoffError("SEAL_BROKEN", "opening a sealed value: unknown format version");
    }
    const key = place.epoch === DIRECTORY_EPOCH ? keyring.named("directory") : keyring.openEpochKey(place.epoch);
    return decrypt(subkeyObject(key, place.row), sealed.subarray(1), bind(tenant, place));
  };
  return { seal, open };
}

function isGenerational({ epoch, table }: Binding): boolean {
  return epoch === DIRECTORY_EPOCH && GENERATIONAL.has(table);
}

function bind(tenant: string, place: Binding): Buffer {
  return lengthPrefixed(String(VERSION), tenant, place.table, place.row, place.column, String(place.epoch));
}
