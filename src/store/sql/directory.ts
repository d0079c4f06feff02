import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** Taken exclusively by whoever changes the directory, shared by whoever commits a decision based on it. */
export const DIRECTORY_LOCK = 7_041_779;

/** A patient as stored: sealed. */
export interface PatientRow {
  readonly id: string;
  readonly sealed: Buffer;
}

export interface EncounterRow {
  readonly bi: Buffer;
  readonly patientId: string;
  readonly open: boolean;
  readonly sealed: Buffer;
}

/** Lets this transaction change the directory; nobody else reads a half-made change or decides on an old one. */
export async function lockDirectory(db: Queryable): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock($1)", [DIRECTORY_LOCK]);
}

/** Waits for changes under way, and keeps new ones out until this transaction has committed. */
export async function shareDirectory(db: Queryable): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock_shared($1)", [DIRECTORY_LOCK]);
}

export async function patientsByPhone(db: Queryable, bi: Buffer): Promise<PatientRow[]> {
  const { rows } = await db.query<PatientRow>(
    `SELECT patient.id, patient.sealed FROM patient_phone JOIN patient ON patient.id = patient_phone.patient_id
     WHERE patient_phone.bi = $1 ORDER BY patient.id`,
    [bi],
  );
  return rows;
}

/** The ids of the patients that carry each number, sorted; keyed by the hash in hex. */
export async function patientIdsByPhone(db: Queryable, bis: readonly Buffer[]): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ bi: Buffer; ids: string[] }>(
    `SELECT bi, array_agg(patient_id::text ORDER BY patient_id) AS ids FROM patient_phone
     WHERE bi = ANY ($1::bytea[]) GROUP BY bi`,
    [bis],
  );
  return new Map(rows.map(({ bi, ids }) => [bi.toString("hex"), ids]));
}

/** The distinct patients that carry any of the identifiers. */
export async function patientsByIdentifiers(db: Queryable, bis: readonly Buffer[]): Promise<PatientRow[]> {
  const { rows } = await db.query<PatientRow>(
    `SELECT id, sealed FROM patient
     WHERE id IN (SELECT patient_id FROM patient_identifier WHERE bi = ANY ($1::bytea[])) ORDER BY id FOR UPDATE`,
    [bis],
  );
  return rows;
}

export async function upsertPatient(db: Queryable, patient: PatientRow, now: Date): Promise<void> {
  await db.query(
    `INSERT INTO patient (id, sealed, updated_at) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET sealed = EXCLUDED.sealed, updated_at = EXCLUDED.updated_at`,
    [patient.id, patient.sealed, now],
  );
}

export async function addIdentifiers(db: Queryable, patientId: string, bis: readonly Buffer[]): Promise<void> {
  await db.query(
    `INSERT INTO patient_identifier (bi, patient_id) SELECT bi, $1 FROM unnest($2::bytea[]) AS new (bi)
     ON CONFLICT (bi) DO NOTHING`,
    [patientId, bis],
  );
}

/** Makes the patient's numbers exactly these. @returns the hashes that were linked or unlinked */
export async function replacePhones(
  db: Queryable,
  patientId: string,
  bis: readonly Buffer[],
  now: Date,
): Promise<Buffer[]> {
  const { rows } = await db.query<{ bi: Buffer }>(
    `WITH gone AS (
       DELETE FROM patient_phone WHERE patient_id = $1 AND NOT bi = ANY ($2::bytea[]) RETURNING bi
     ), linked AS (
       INSERT INTO patient_phone (bi, patient_id, since) SELECT DISTINCT bi, $1::uuid, $3::timestamptz
       FROM unnest($2::bytea[]) AS new (bi) ON CONFLICT DO NOTHING RETURNING bi)
     SELECT bi FROM gone UNION ALL SELECT bi FROM linked`,
    [patientId, bis, now],
  );
  return rows.map(({ bi }) => bi);
}

export async function upsertEncounter(db: Queryable, encounter: EncounterRow, now: Date): Promise<void> {
  await db.query(
    `INSERT INTO encounter (bi, patient_id, open, sealed, updated_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (bi) DO UPDATE SET patient_id = EXCLUDED.patient_id, open = EXCLUDED.open, sealed = EXCLUDED.sealed,
       updated_at = EXCLUDED.updated_at`,
    [...columns([encounter], ["bi", "patientId", "open", "sealed"]).map((column) => column[0]), now],
  );
}

/** At most two are read: one open case is an answer, two are a question. */
export async function openEncounters(db: Queryable, patientId: string): Promise<EncounterRow[]> {
  const { rows } = await db.query<EncounterRow>(
    `SELECT bi, patient_id AS "patientId", open, sealed FROM encounter WHERE patient_id = $1 AND open ORDER BY bi LIMIT 2`,
    [patientId],
  );
  return rows;
}
