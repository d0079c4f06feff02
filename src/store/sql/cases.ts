import type { CaseState } from "#src/message/directory.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** A case as stored. `rootBi` is the number it has now, or its own; then `state` is "renamed". */
export interface CaseRow {
  readonly bi: Buffer;
  readonly rootBi: Buffer;
  /** The record of its patient. */
  readonly patientId: string;
  readonly state: CaseState | "unknown" | "renamed";
  readonly sealed: Buffer;
}

/** A case to be written, with the keyed hash of its number's value alone. */
export interface CaseDraft extends CaseRow {
  readonly valueBi: Buffer;
}

const COLUMNS = `encounter.bi, encounter.root_bi AS "rootBi", encounter.patient_id AS "patientId", encounter.state, encounter.sealed`;

/** Every number of the cases that have one of the numbers. */
export async function casesOf(db: Queryable, bis: readonly Buffer[]): Promise<CaseRow[]> {
  const { rows } = await db.query<CaseRow>(
    `SELECT ${COLUMNS} FROM encounter WHERE root_bi IN (SELECT root_bi FROM encounter WHERE bi = ANY ($1::bytea[])) ORDER BY bi`,
    [bis],
  );
  return rows;
}

export async function writeCases(db: Queryable, cases: readonly CaseDraft[], now: Date): Promise<void> {
  if (cases.length === 0) return;
  await db.query(
    `INSERT INTO encounter (bi, root_bi, patient_id, state, sealed, value_bi, updated_at)
     SELECT *, $7 FROM unnest($1::bytea[], $2::bytea[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[])
     ON CONFLICT (bi) DO UPDATE SET root_bi = EXCLUDED.root_bi, patient_id = EXCLUDED.patient_id, state = EXCLUDED.state,
       sealed = EXCLUDED.sealed, value_bi = EXCLUDED.value_bi, updated_at = EXCLUDED.updated_at`,
    [...columns(cases, ["bi", "rootBi", "patientId", "state", "sealed", "valueBi"]), now],
  );
}

/** More cases than this in one state nobody chooses among. */
const MOST_CASES = 100;

/** A person's cases in these states, those last heard of first. */
export async function casesIn(db: Queryable, rootId: string, states: readonly CaseState[]): Promise<CaseRow[]> {
  const { rows } = await db.query<CaseRow>(
    `SELECT ${COLUMNS} FROM encounter JOIN patient ON patient.id = encounter.patient_id
     WHERE patient.root_id = $1 AND encounter.state = ANY ($2::text[])
     ORDER BY encounter.updated_at DESC, encounter.bi LIMIT ${MOST_CASES}`,
    [rootId, states],
  );
  return rows;
}
