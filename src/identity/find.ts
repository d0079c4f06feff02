import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { casesByNumber, recordsByNumber } from "#src/store/sql/numbers.ts";
import { caseKey, valueKey } from "./keys.ts";
import type { Subject } from "#src/message/directory.ts";

interface FindDeps {
  readonly blindIndex: Pick<BlindIndex, "of">;
  readonly store: Queryable;
}

/** Whose messages are meant: keyed hashes of patients, as messages carry them. */
export async function patientsWith({ blindIndex, store }: FindDeps, number: string): Promise<Buffer[]> {
  return hashes(blindIndex, await recordsByNumber(store, keysOf(blindIndex, number)));
}

/** A case that is looked for: whose it is, and whether a message was filed to it. */
export interface SoughtCase {
  readonly patients: readonly Buffer[];
  holds(subject: Subject | undefined): boolean;
}

export async function caseWith({ blindIndex, store }: FindDeps, number: string): Promise<SoughtCase> {
  const { keys, records } = await casesByNumber(store, keysOf(blindIndex, number));
  const known = new Set(keys.map((key) => key.toString("hex")));
  return {
    patients: hashes(blindIndex, records),
    holds: (subject) =>
      subject?.encounter !== undefined && known.has(caseKey(blindIndex, subject.encounter.number).toString("hex")),
  };
}

/** Systems print numbers with zeros before them or without. */
const LONGEST_PADDED = 12;

function keysOf(blindIndex: FindDeps["blindIndex"], number: string): Buffer[] {
  const bare = number.trim().replace(/^0+(?=\d)/, "");
  const padded = /^\d+$/.test(bare)
    ? Array.from({ length: LONGEST_PADDED }, (_, index) => bare.padStart(index + 1, "0"))
    : [];
  return [...new Set([number, ...padded])].map((one) => valueKey(blindIndex, one));
}

function hashes(blindIndex: FindDeps["blindIndex"], records: readonly string[]): Buffer[] {
  return records.map((id) => blindIndex.of("patient", id));
}
