import { randomUUID } from "node:crypto";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import { FIRST, openAt, sealAt, type Place } from "#src/store/sealed/place.ts";
import type { Who } from "./journal.ts";

/** Bytes of the id that comes first and binds the seal to its line. */
const ID_BYTES = 16;

/** Seals who did something, for the journal's column of its own. */
export function sealWho(sealer: Pick<Sealer, "seal">, who: Who): Buffer {
  const id = randomUUID();
  return Buffer.concat([Buffer.from(id.replaceAll("-", ""), "hex"), sealAt(sealer, placeOf(id), who)]);
}

/** @throws BotenstoffError SEAL_BROKEN */
export function openWho(sealer: Pick<Sealer, "open">, sealed: Buffer): Who {
  const hex = sealed.subarray(0, ID_BYTES).toString("hex");
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return openAt(sealer, placeOf(id), sealed.subarray(ID_BYTES));
}

function placeOf(id: string): Place<Who> {
  return { epoch: DIRECTORY_EPOCH, table: "journal", row: id, column: "who", shape: FIRST };
}
