import { BotenstoffError } from "#src/message/error-code.ts";
import type { Binding } from "#src/seal/binding.ts";
import type { Sealer } from "#src/seal/sealer.ts";

/** Where a value is sealed as JSON, and what it is there. */
export interface Place<T extends object> extends Binding {
  readonly shape: Shape<T>;
}

/** The version in which a kind of value is written, and how one of an earlier version is read. */
export interface Shape<T extends object> {
  readonly version: number;
  /** What a value of an earlier version is today. */
  earlier(value: unknown, version: number): T;
}

/** The shape of what has been written in one way only. */
export const FIRST: Shape<never> = {
  version: 1,
  earlier: (_, version) => {
    throw new BotenstoffError("SEAL_BROKEN", `opening a sealed value: there is no shape ${version}`);
  },
};

/** Values of the first version stand alone, later ones behind the number of theirs. `undefined` members vanish, as in JSON. */
export function sealAt<T extends object>(sealer: Pick<Sealer, "seal">, place: Place<T>, value: NoInfer<T>): Buffer {
  const { version } = place.shape;
  return sealer.seal(place, Buffer.from(JSON.stringify(version === 1 ? value : [version, value]), "utf8"));
}

/**
 * Opens what was sealed at a place, by this version of the engine or an earlier one.
 * @throws BotenstoffError SEAL_BROKEN, EPOCH_KEY_DESTROYED
 */
export function openAt<T extends object>(sealer: Pick<Sealer, "open">, place: Place<T>, sealed: Uint8Array): T {
  const written = JSON.parse(sealer.open(place, sealed).toString("utf8")) as T | [version: number, value: T];
  const [version, value] = Array.isArray(written) ? written : [1, written];
  if (version === place.shape.version) return value;
  if (version > place.shape.version) {
    const text = `opening a sealed value of ${place.table}: a later version of the engine wrote it (shape ${version})`;
    throw new BotenstoffError("SEAL_BROKEN", text);
  }
  return place.shape.earlier(value, version);
}
