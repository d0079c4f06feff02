import type { Queryable } from "../queryable.ts";

/** A record that has the number somebody typed, and its root. */
export interface TypedRecord {
  readonly id: string;
  readonly rootId: string;
}

/** Of more patients than this nobody is found by a number. */
const MOST = 20;

export async function recordsByValue(db: Queryable, valueBi: Buffer): Promise<TypedRecord[]> {
  const { rows } = await db.query<TypedRecord>(
    `SELECT DISTINCT patient.id, patient.root_id AS "rootId" FROM patient_identifier
     JOIN patient ON patient.id = patient_identifier.patient_id WHERE patient_identifier.value_bi = $1 LIMIT $2`,
    [valueBi, MOST],
  );
  return rows;
}

/** Whose case has, or had, the number. */
export async function recordsByCase(db: Queryable, valueBi: Buffer): Promise<TypedRecord[]> {
  const { rows } = await db.query<TypedRecord>(
    `SELECT DISTINCT patient.id, patient.root_id AS "rootId" FROM encounter
     JOIN encounter AS root ON root.bi = encounter.root_bi AND root.state NOT IN ('cancelled', 'deleted')
     JOIN patient ON patient.id = root.patient_id WHERE encounter.value_bi = $1 LIMIT $2`,
    [valueBi, MOST],
  );
  return rows;
}
