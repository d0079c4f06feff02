import { BotenstoffError } from "#src/message/error-code.ts";
import { decrypt, encryptPieces, lengthPrefixed, subkeyObject } from "./cipher.ts";
import { DIRECTORY_EPOCH, type Keyring } from "./keyring/keyring.ts";
import type { Place } from "./place.ts";

/** First byte of every sealed value. */
const VERSION = 1;
const VERSION_BYTE = Buffer.from([VERSION]);

/** Seals values for one place in the store, so that they open nowhere else. */
export interface Sealer {
  seal(place: Place, plain: Uint8Array): Buffer;
  /** @throws BotenstoffError SEAL_BROKEN, EPOCH_KEY_DESTROYED */
  open(place: Place, sealed: Uint8Array): Buffer;
  /** `undefined` members vanish, as in JSON. */
  sealJson(place: Place, value: unknown): Buffer;
  openJson(place: Place, sealed: Uint8Array): unknown;
}

/** @param tenant bound into every value; one keyring may one day serve several */
export function createSealer(keyring: Keyring, tenant = "default"): Sealer {
  const seal = (place: Place, plain: Uint8Array): Buffer => {
    const key = place.epoch === DIRECTORY_EPOCH ? keyring.named("directory") : keyring.epochKey(place.epoch);
    const pieces = encryptPieces(subkeyObject(key, place.row), [plain], bind(tenant, place));
    return Buffer.concat([VERSION_BYTE, ...pieces]);
  };
  const open = (place: Place, sealed: Uint8Array): Buffer => {
    if (sealed[0] !== VERSION) {
      throw new BotenstoffError("SEAL_BROKEN", "opening a sealed value: unknown format version");
    }
    const key = place.epoch === DIRECTORY_EPOCH ? keyring.named("directory") : keyring.openEpochKey(place.epoch);
    return decrypt(subkeyObject(key, place.row), sealed.subarray(1), bind(tenant, place));
  };
  return {
    seal,
    open,
    sealJson: (place, value) => seal(place, Buffer.from(JSON.stringify(value), "utf8")),
    openJson: (place, sealed) => JSON.parse(open(place, sealed).toString("utf8")) as unknown,
  };
}

function bind(tenant: string, place: Place): Buffer {
  return lengthPrefixed(String(VERSION), tenant, place.table, place.row, place.column, String(place.epoch));
}
