import { randomUUID } from "node:crypto";
import type { Sealer } from "#src/seal/sealer.ts";
import { accessPlace } from "#src/store/sealed/access.ts";
import type { Who } from "./journal.ts";

/** Bytes of the id that comes first and binds the seal to its line. */
const ID_BYTES = 16;

/** Seals who did something, for the journal's column of its own. */
export function sealWho(sealer: Pick<Sealer, "sealJson">, who: Who): Buffer {
  const id = randomUUID();
  return Buffer.concat([Buffer.from(id.replaceAll("-", ""), "hex"), sealer.sealJson(accessPlace.who(id), who)]);
}

/** @throws BotenstoffError SEAL_BROKEN */
export function openWho(sealer: Pick<Sealer, "openJson">, sealed: Buffer): Who {
  const hex = sealed.subarray(0, ID_BYTES).toString("hex");
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return sealer.openJson(accessPlace.who(id), sealed.subarray(ID_BYTES)) as Who;
}
