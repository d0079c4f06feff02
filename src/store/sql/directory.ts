import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** A patient's record as stored: sealed. `rootId` is the record it was merged into in the end, or its own. */
export interface PatientRow {
  readonly id: string;
  readonly rootId: string;
  readonly sealed: Buffer;
}

/** A record as written. `goneAt`: since when its person, whose root it is, is deleted. */
export interface PatientDraft extends PatientRow {
  readonly goneAt: Date | null;
}

/** A number of more patients than this is nobody's in the same way as one of exactly as many. */
const MOST_CARRIERS = 20;

/** A patient (a root), and when the directory was last told that the number is theirs; `version` grows with every change. */
export interface Carrier {
  readonly id: string;
  readonly version: number;
  readonly toldAt: Date;
}

/** The patients that carry the number, the first twenty of them. */
export async function patientsByPhone(db: Queryable, bi: Buffer, most = MOST_CARRIERS): Promise<Carrier[]> {
  const { rows } = await db.query<Carrier>(
    `SELECT patient.id, patient.version, greatest(patient_phone.since, patient.updated_at) AS "toldAt" FROM patient_phone JOIN patient ON patient.id = patient_phone.patient_id
     WHERE patient_phone.bi = $1 ORDER BY patient.id LIMIT $2`,
    [bi, most],
  );
  return rows;
}

/** Every record of the persons with these roots. */
export async function recordsOfRoots(db: Queryable, rootIds: readonly string[]): Promise<PatientRow[]> {
  const { rows } = await db.query<PatientRow>(
    `SELECT id, root_id AS "rootId", sealed FROM patient WHERE root_id = ANY ($1::uuid[]) ORDER BY id`,
    [rootIds],
  );
  return rows;
}

/** The roots of records. */
export async function rootsOf(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; rootId: string }>(
    `SELECT id, root_id AS "rootId" FROM patient WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ id, rootId }) => [id, rootId]));
}

/** An identifier's keys: the exact one, and the one without its type. */
export interface IdentifierKey {
  readonly bi: Buffer;
  readonly looseBi: Buffer;
  readonly typed: boolean;
  /** Of its value alone, as people read it out. */
  readonly valueBi: Buffer;
}

export interface IdentifierRow extends Omit<IdentifierKey, "valueBi"> {
  readonly patientId: string;
  readonly rootId: string;
}

/** Every identifier with one of the keys, exact or loose; which of them match is the caller's to say. */
export async function findIdentifiers(db: Queryable, keys: readonly IdentifierKey[]): Promise<IdentifierRow[]> {
  const { rows } = await db.query<IdentifierRow>(
    `SELECT bi, loose_bi AS "looseBi", typed, patient_id AS "patientId", root_id AS "rootId"
     FROM patient_identifier JOIN patient ON patient.id = patient_id WHERE loose_bi = ANY ($1::bytea[]) ORDER BY bi`,
    [keys.map(({ looseBi }) => looseBi)],
  );
  return rows;
}

export async function writePatients(db: Queryable, patients: readonly PatientDraft[], now: Date): Promise<void> {
  if (patients.length === 0) return;
  await db.query(
    `INSERT INTO patient (id, root_id, sealed, gone_at, updated_at)
     SELECT *, $5 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::timestamptz[])
     ON CONFLICT (id) DO UPDATE SET root_id = EXCLUDED.root_id, sealed = EXCLUDED.sealed, updated_at = EXCLUDED.updated_at,
       gone_at = CASE WHEN EXCLUDED.gone_at IS NOT NULL THEN coalesce(patient.gone_at, EXCLUDED.gone_at) END`,
    [...columns(patients, ["id", "rootId", "sealed", "goneAt"]), now],
  );
}

/** Tells whoever decides on what was known of these persons that it is no longer so. */
export async function newVersions(db: Queryable, rootIds: readonly string[]): Promise<void> {
  await db.query("UPDATE patient SET version = version + 1 WHERE id = ANY ($1::uuid[])", [rootIds]);
}

/** Makes the identifiers these records', whosever they were; of two that want one, the later. */
export async function putIdentifiers(
  db: Queryable,
  puts: readonly (IdentifierKey & { readonly patientId: string })[],
): Promise<void> {
  if (puts.length === 0) return;
  await db.query(
    `INSERT INTO patient_identifier (bi, loose_bi, typed, patient_id, value_bi)
     SELECT DISTINCT ON (bi) bi, loose_bi, typed, patient_id, value_bi
     FROM unnest($1::bytea[], $2::bytea[], $3::bool[], $4::uuid[], $5::bytea[]) WITH ORDINALITY
       AS new (bi, loose_bi, typed, patient_id, value_bi, nth)
     ORDER BY bi, nth DESC
     ON CONFLICT (bi) DO UPDATE SET patient_id = EXCLUDED.patient_id, value_bi = EXCLUDED.value_bi`,
    columns(puts, ["bi", "looseBi", "typed", "patientId", "valueBi"]),
  );
}

/** Since when any of these records carries each of its numbers, by the number's hash in hex. */
export async function linkedSince(db: Queryable, patientIds: readonly string[]): Promise<Map<string, Date>> {
  const { rows } = await db.query<{ bi: Buffer; since: Date }>(
    `SELECT bi, min(since) AS since FROM patient_phone WHERE patient_id = ANY ($1::uuid[]) GROUP BY bi`,
    [patientIds],
  );
  return new Map(rows.map(({ bi, since }) => [bi.toString("hex"), since]));
}

/** A number a patient carries, and since when. */
export interface PhoneLink {
  readonly patientId: string;
  readonly bi: Buffer;
  readonly since: Date;
}

/** What became of numbers: whoever changed hands, by keyed hash, and how many of them nobody or somebody else has now. */
export interface NumberChanges {
  readonly touched: readonly Buffer[];
  /** Taken from their patients; a merge takes none. */
  readonly lost: number;
  /** Given to a patient while they are known as another's. */
  readonly moved: number;
}

/** Makes these patients' numbers exactly those; who is the first to carry one owns it until somebody decides otherwise. */
export async function replacePhones(
  db: Queryable,
  patientIds: readonly string[],
  links: readonly PhoneLink[],
): Promise<NumberChanges> {
  const { rows } = await db.query<{ bi: Buffer; what: "gone" | "linked"; moved: boolean }>(
    `WITH new AS (
       SELECT patient_id, bi, min(since) AS since FROM unnest($2::uuid[], $3::bytea[], $4::timestamptz[]) AS link (patient_id, bi, since)
       GROUP BY patient_id, bi
     ), gone AS (
       DELETE FROM patient_phone AS old WHERE patient_id = ANY ($1::uuid[])
         AND NOT EXISTS (SELECT FROM new WHERE new.patient_id = old.patient_id AND new.bi = old.bi) RETURNING bi
     ), linked AS (
       INSERT INTO patient_phone (bi, patient_id, since) SELECT bi, patient_id, since FROM new
       ON CONFLICT DO NOTHING RETURNING bi, patient_id
     ), owned AS (
       INSERT INTO number_owner (bi, patient_id) SELECT bi, patient_id FROM linked ORDER BY bi ON CONFLICT DO NOTHING)
     SELECT bi, 'gone' AS what, false AS moved FROM gone
     UNION ALL SELECT bi, 'linked', EXISTS (SELECT FROM number_owner AS owner WHERE owner.bi = linked.bi
       AND owner.patient_id <> linked.patient_id) FROM linked`,
    [patientIds, ...columns(links, ["patientId", "bi", "since"])],
  );
  const among = (what: string) => new Set(rows.flatMap((row) => (row.what === what ? [row.bi.toString("hex")] : [])));
  const [gone, linked] = [among("gone"), among("linked")];
  return {
    touched: rows.map(({ bi }) => bi),
    lost: [...gone].filter((bi) => !linked.has(bi)).length,
    moved: rows.filter(({ bi, moved }) => moved && !gone.has(bi.toString("hex"))).length,
  };
}

/** When the number was last looked up in the KIS; undefined when never. */
export async function lookedUpAt(db: Queryable, bi: Buffer): Promise<Date | undefined> {
  const { rows } = await db.query<{ at: Date }>("SELECT at FROM patient_lookup WHERE bi = $1", [bi]);
  return rows[0]?.at;
}

export async function writeLookup(db: Queryable, bi: Buffer, at: Date): Promise<void> {
  await db.query(
    `INSERT INTO patient_lookup (bi, at) VALUES ($1, $2)
     ON CONFLICT (bi) DO UPDATE SET at = greatest(patient_lookup.at, EXCLUDED.at)`,
    [bi, at],
  );
}
