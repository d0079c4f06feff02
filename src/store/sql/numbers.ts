import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** Rows of one table whose numbers have no key of the value alone, because they were stored before there was one. */
export interface Unnumbered {
  readonly bi: Buffer;
  /** The patient's record; absent for a case. */
  readonly patientId: string | null;
  readonly sealed: Buffer;
}

/** More persons than this with one number are an answer to nobody's question. */
const MOST_PERSONS = 50;

/** Every record of the persons who have, or had, a number of one of these values. */
export async function recordsByNumber(db: Queryable, valueBis: readonly Buffer[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM patient WHERE root_id IN (SELECT root_id FROM patient JOIN patient_identifier ON patient_id = patient.id
       WHERE value_bi = ANY ($1::bytea[]) LIMIT ${MOST_PERSONS})`,
    [valueBis],
  );
  return rows.map(({ id }) => id);
}

/** Every number of the cases that have, or had, one of these, with all records of their patients. */
export async function casesByNumber(
  db: Queryable,
  valueBis: readonly Buffer[],
): Promise<{ keys: Buffer[]; records: string[] }> {
  const { rows } = await db.query<{ keys: Buffer[] | null; records: string[] | null }>(
    `WITH one AS (SELECT bi, patient_id FROM encounter WHERE root_bi IN
       (SELECT root_bi FROM encounter WHERE value_bi = ANY ($1::bytea[]) LIMIT ${MOST_PERSONS}))
     SELECT (SELECT array_agg(bi) FROM one) AS keys,
       (SELECT array_agg(id) FROM patient WHERE root_id IN
         (SELECT root_id FROM patient WHERE id IN (SELECT patient_id FROM one))) AS records`,
    [valueBis],
  );
  return { keys: rows[0]?.keys ?? [], records: rows[0]?.records ?? [] };
}

/** Some identifiers without a key of their value, with the sealed record of their patient. */
export async function unnumberedIdentifiers(db: Queryable, limit: number): Promise<Unnumbered[]> {
  const { rows } = await db.query<Unnumbered>(
    `SELECT bi, patient_id AS "patientId", sealed FROM patient_identifier JOIN patient ON patient.id = patient_id
     WHERE value_bi IS NULL LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Some cases without a key of their number's value. */
export async function unnumberedCases(db: Queryable, limit: number): Promise<Unnumbered[]> {
  const { rows } = await db.query<Unnumbered>(
    `SELECT bi, NULL::uuid AS "patientId", sealed FROM encounter WHERE value_bi IS NULL LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Completes rows that nobody has completed meanwhile. */
export async function writeNumbers(
  db: Queryable,
  table: "patient_identifier" | "encounter",
  numbers: readonly { readonly bi: Buffer; readonly valueBi: Buffer }[],
): Promise<void> {
  await db.query(
    `UPDATE ${table} SET value_bi = new.value_bi FROM unnest($1::bytea[], $2::bytea[]) AS new (bi, value_bi)
     WHERE ${table}.bi = new.bi AND ${table}.value_bi IS NULL`,
    columns(numbers, ["bi", "valueBi"]),
  );
}
