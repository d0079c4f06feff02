import type { Identifier } from "#src/message/directory.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { IdentifierKey, IdentifierRow } from "#src/store/sql/directory.ts";

/** The keyed hashes by which an identifier is found. */
export function identifierKey(blindIndex: BlindIndex, { value, authority, type }: Identifier): IdentifierKey {
  return {
    bi: blindIndex.of("identifier", value, authority, type),
    looseBi: blindIndex.of("identifier", value, authority, "*"),
    typed: type !== "",
  };
}

/**
 * The rows that an identifier means: the exact one; without it, one of the same value and authority where either says
 * no type, for senders that leave it out now and then.
 */
export function matching(rows: readonly IdentifierRow[], key: IdentifierKey): IdentifierRow[] {
  const exact = rows.find(({ bi }) => bi.equals(key.bi));
  if (exact) return [exact];
  return rows.filter(({ looseBi, typed }) => looseBi.equals(key.looseBi) && (!typed || !key.typed));
}

/** The key of a case number. */
export function caseKey(blindIndex: BlindIndex, { value, authority, type }: Identifier): Buffer {
  return blindIndex.of("case", value, authority, type);
}

export function patientPlace(id: string) {
  return { epoch: DIRECTORY_EPOCH, table: "patient", row: id, column: "sealed" };
}

export function casePlace(bi: Buffer) {
  return { epoch: DIRECTORY_EPOCH, table: "encounter", row: bi.toString("hex"), column: "sealed" };
}
