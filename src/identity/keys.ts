import type { Identifier } from "#src/message/directory.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import { FIRST, type Place } from "#src/store/sealed/place.ts";
import type { IdentifierKey, IdentifierRow } from "#src/store/sql/directory.ts";
import type { CaseRecord } from "./case.ts";
import type { PatientRecord } from "./record.ts";

/** The keyed hashes by which an identifier is found. */
export function identifierKey(blindIndex: BlindIndex, { value, authority, type }: Identifier): IdentifierKey {
  return {
    bi: blindIndex.of("identifier", value, authority, type),
    looseBi: blindIndex.of("identifier", value, authority, "*"),
    typed: type !== "",
    valueBi: valueKey(blindIndex, value),
  };
}

/** The keyed hash of a number as people read it out and type it: without who assigned it, blanks and what separates. */
export function valueKey(blindIndex: Pick<BlindIndex, "of">, value: string): Buffer {
  return blindIndex.of(
    "value",
    value
      .normalize("NFKC")
      .toUpperCase()
      .replaceAll(/[\s\-./_]/g, ""),
  );
}

/** Rows of identifiers, by what they are looked for. */
export class IdentifierRows {
  readonly #exact: ReadonlyMap<string, IdentifierRow>;
  readonly #loose: ReadonlyMap<string, readonly IdentifierRow[]>;
  readonly #untyped: ReadonlyMap<string, readonly IdentifierRow[]>;

  constructor(rows: readonly IdentifierRow[]) {
    const loose = (row: IdentifierRow) => row.looseBi.toString("hex");
    this.#exact = new Map(rows.map((row) => [row.bi.toString("hex"), row]));
    this.#loose = Map.groupBy(rows, loose);
    this.#untyped = Map.groupBy(
      rows.filter(({ typed }) => !typed),
      loose,
    );
  }

  /**
   * The rows that an identifier means: the exact one; without it, one of the same value and authority where either says
   * no type, for senders that leave it out now and then.
   */
  matching({ bi, looseBi, typed }: Omit<IdentifierKey, "valueBi">): readonly IdentifierRow[] {
    const exact = this.#exact.get(bi.toString("hex"));
    if (exact) return [exact];
    return (typed ? this.#untyped : this.#loose).get(looseBi.toString("hex")) ?? [];
  }
}

/** The key of a case number. */
export function caseKey(blindIndex: Pick<BlindIndex, "of">, { value, authority, type }: Identifier): Buffer {
  return blindIndex.of("case", value, authority, type);
}

export function patientPlace(id: string): Place<PatientRecord> {
  return { epoch: DIRECTORY_EPOCH, table: "patient", row: id, column: "sealed", shape: FIRST };
}

export function casePlace(bi: Buffer): Place<CaseRecord> {
  return { epoch: DIRECTORY_EPOCH, table: "encounter", row: bi.toString("hex"), column: "sealed", shape: FIRST };
}
