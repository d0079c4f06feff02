import type { Evidence, LinkRole, LinkScope, Lowering } from "#src/message/link.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { withdrawLinkProposals } from "./link-proposals.ts";

/** A link as stored; the contact is sealed. `patientId` is the patient's root, whatever it was when the link was made. */
export interface LinkRow {
  readonly id: string;
  readonly patientId: string;
  readonly contactBi: Buffer;
  readonly userBi: Buffer | null;
  readonly role: LinkRole;
  readonly scope: LinkScope;
  readonly caseBi: Buffer | null;
  readonly level: number;
  readonly evidence: Evidence;
  readonly verifiedAt: Date;
  readonly verifiedBy: string;
  readonly approvedBy: string | null;
  /** A message sent before says nothing of who has the number since. */
  readonly validFrom: Date | null;
  /** When the contact last wrote. */
  readonly seenAt: Date;
  readonly loweredAt: Date | null;
  readonly loweredFor: Lowering | null;
  readonly endedAt: Date | null;
  readonly sealed: Buffer;
  /** Its case is open; true where it stands for no case alone. */
  readonly caseOpen: boolean;
  /** Equal as long as nothing has changed that a decision by it rests on. */
  readonly token: string;
}

const CASE_OPEN = `(link.case_bi IS NULL OR EXISTS (SELECT FROM encounter JOIN encounter AS root ON root.bi = encounter.root_bi
  WHERE encounter.bi = link.case_bi AND root.state IN ('open', 'planned')))`;

const TOKEN = `'link:' || link.id || '@' || link.version || ':' || root.id || '@' || root.version || ':' || ${CASE_OPEN}`;

const LINK = `SELECT link.id, root.id AS "patientId", link.contact_bi AS "contactBi", link.user_bi AS "userBi", link.role,
  link.scope, link.case_bi AS "caseBi", link.level, link.evidence, link.verified_at AS "verifiedAt",
  link.verified_by AS "verifiedBy", link.approved_by AS "approvedBy", link.valid_from AS "validFrom",
  link.seen_at AS "seenAt", link.lowered_at AS "loweredAt", link.lowered_for AS "loweredFor", link.ended_at AS "endedAt",
  link.sealed, ${CASE_OPEN} AS "caseOpen", ${TOKEN} AS token`;

const ROOT = `JOIN patient ON patient.id = link.patient_id JOIN patient AS root ON root.id = patient.root_id`;

/** Every live link of the ids a contact shows, in two looks: with OR in one, all links would be read. */
const OF_CONTACT = (contact: string, user: string) =>
  `SELECT * FROM patient_link WHERE contact_bi IN (${contact}, ${user}) AND ended_at IS NULL
   UNION SELECT * FROM patient_link WHERE user_bi = ${user} AND ended_at IS NULL`;

/** By which ids a contact is found: its number's keyed hash or its user id's, and the user id's where it shows both. */
export interface ContactKeys {
  readonly contactBi: Buffer;
  readonly userBi: Buffer | null;
}

export async function linksOf(db: Queryable, { contactBi, userBi }: ContactKeys): Promise<LinkRow[]> {
  const { rows } = await db.query<LinkRow>(
    `${LINK} FROM (${OF_CONTACT("$1::bytea", "$2::bytea")}) AS link ${ROOT} ORDER BY link.id`,
    [contactBi, userBi],
  );
  return rows;
}

/** Live or ended. */
export async function findLink(db: Queryable, id: string): Promise<LinkRow | undefined> {
  const { rows } = await db.query<LinkRow>(`${LINK} FROM patient_link AS link ${ROOT} WHERE link.id = $1`, [id]);
  return rows[0];
}

/** The patients that carry each contact's number, the first twenty of them, and its links: as tokens, in order. */
export async function seenOf(db: Queryable, contacts: readonly ContactKeys[]): Promise<string[][]> {
  const { rows } = await db.query<{ seen: string[] }>(
    `SELECT coalesce((SELECT array_agg(patient.id || '@' || patient.version ORDER BY patient.id)
         FROM (SELECT patient_id FROM patient_phone WHERE bi = contact ORDER BY patient_id LIMIT 20) AS carrier
         JOIN patient ON patient.id = carrier.patient_id), '{}')
       || coalesce((SELECT array_agg(${TOKEN} ORDER BY link.id)
         FROM (${OF_CONTACT("contact", "user_id")}) AS link ${ROOT}), '{}') AS seen
     FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS wanted (contact, user_id, nth) ORDER BY nth`,
    [contacts.map(({ contactBi }) => contactBi), contacts.map(({ userBi }) => userBi)],
  );
  return rows.map(({ seen }) => seen);
}

export type LinkDraft = Omit<LinkRow, "loweredAt" | "loweredFor" | "endedAt" | "caseOpen" | "token">;

export async function insertLink(db: Transaction, link: LinkDraft): Promise<void> {
  await db.query(
    `INSERT INTO patient_link (id, patient_id, contact_bi, user_bi, role, scope, case_bi, level, evidence, verified_at,
       verified_by, approved_by, valid_from, seen_at, sealed)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      ...[link.id, link.patientId, link.contactBi, link.userBi, link.role, link.scope, link.caseBi, link.level],
      ...[link.evidence, link.verifiedAt, link.verifiedBy, link.approvedBy, link.validFrom, link.seenAt, link.sealed],
    ],
  );
}

/** Ends links for good. @returns those that were live */
export async function endLinks(db: Transaction, ids: readonly string[], now: Date): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE patient_link SET ended_at = $2, version = version + 1, proposal = NULL, proposed_at = NULL, proposed_by = NULL,
       proposer_bi = NULL WHERE id = ANY ($1::uuid[]) AND ended_at IS NULL RETURNING id`,
    [ids, now],
  );
  return rows.map(({ id }) => id);
}

/** What became weaker. */
export interface Lowered {
  readonly id: string;
  readonly was: number;
  readonly level: number;
  readonly why: Lowering;
}

/**
 * Lowers links, and never raises one; what somebody proposed of them falls. @param ids of links @returns those that were
 * higher
 */
export async function lowerLinks(
  db: Transaction,
  ids: readonly string[],
  { to, why, now }: { readonly to: number; readonly why: Lowering; readonly now: Date },
): Promise<Lowered[]> {
  if (ids.length === 0) return [];
  await withdrawLinkProposals(db, ids);
  const { rows } = await db.query<Lowered>(
    `WITH higher AS (SELECT id, level FROM patient_link WHERE id = ANY ($1::uuid[]) AND level > $2 AND ended_at IS NULL
       ORDER BY id FOR UPDATE)
     UPDATE patient_link SET level = $2, lowered_at = $4, lowered_for = $3, version = version + 1 FROM higher
     WHERE patient_link.id = higher.id RETURNING higher.id, higher.level AS was, patient_link.level, lowered_for AS why`,
    [ids, to, why, now],
  );
  return rows;
}

/** Live links found by one of these keyed hashes of a number or a user id. */
export async function linksByKeys(db: Queryable, bis: readonly Buffer[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM patient_link WHERE contact_bi = ANY ($1::bytea[]) AND ended_at IS NULL
     UNION SELECT id FROM patient_link WHERE user_bi = ANY ($1::bytea[]) AND ended_at IS NULL`,
    [bis],
  );
  return rows.map(({ id }) => id);
}

/** Live links to records that went into another. */
export async function linksByPatients(db: Queryable, patientIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    "SELECT id FROM patient_link WHERE patient_id = ANY ($1::uuid[]) AND ended_at IS NULL",
    [patientIds],
  );
  return rows.map(({ id }) => id);
}

/** Live links by these numbers to whoever does not carry them, or does not carry them alone. */
export async function linksAgainstDirectory(db: Queryable, phoneBis: readonly Buffer[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT link.id FROM patient_link AS link JOIN patient ON patient.id = link.patient_id
     WHERE link.contact_bi = ANY ($1::bytea[]) AND link.ended_at IS NULL
       AND (SELECT coalesce(array_agg(patient_phone.patient_id), '{}') FROM patient_phone
         WHERE patient_phone.bi = link.contact_bi) <> ARRAY[patient.root_id]`,
    [phoneBis],
  );
  return rows.map(({ id }) => id);
}

/** Links to a patient that stand for more than single messages, newest first; ended ones too. */
export async function linksOfPatient(db: Queryable, patientId: string): Promise<LinkRow[]> {
  const { rows } = await db.query<LinkRow>(
    `${LINK} FROM patient_link AS link ${ROOT} WHERE root.id = $1 AND link.scope <> 'once'
     ORDER BY link.verified_at DESC, link.id LIMIT 100`,
    [patientId],
  );
  return rows;
}

/** A live link, that nobody else changes meanwhile; how often its challenge was answered wrongly. */
export async function lockLink(db: Transaction, id: string): Promise<(LinkRow & { tries: number }) | undefined> {
  const { rows } = await db.query<{ tries: number }>(
    "SELECT tries FROM patient_link WHERE id = $1 AND ended_at IS NULL FOR UPDATE",
    [id],
  );
  const [found] = rows;
  const link = found && (await findLink(db, id));
  return link && { ...link, ...found };
}

/** What somebody, or two, have made sure of. */
export interface Verification {
  readonly level: number;
  readonly evidence: Evidence;
  readonly by: string;
  readonly approvedBy: string | null;
  readonly now: Date;
}

/** Somebody has verified the link anew; nothing of it is proposed any more. */
export async function verifyLink(
  db: Transaction,
  id: string,
  { level, evidence, by, approvedBy, now }: Verification,
): Promise<void> {
  await db.query(
    `UPDATE patient_link SET level = $2, evidence = $3, verified_by = $4, verified_at = $5, seen_at = greatest(seen_at, $5),
       approved_by = $6, lowered_at = NULL, lowered_for = NULL, tries = 0, proposal = NULL, proposed_at = NULL,
       proposed_by = NULL, proposer_bi = NULL, version = version + 1 WHERE id = $1`,
    [id, level, evidence, by, now, approvedBy],
  );
}

export async function countWrongAnswer(db: Transaction, id: string): Promise<void> {
  await db.query("UPDATE patient_link SET tries = tries + 1 WHERE id = $1", [id]);
}

/** Deletes every link to these patients: what is known of their contacts goes with them. */
export async function forgetLinks(db: Transaction, patientIds: readonly string[]): Promise<void> {
  await db.query(
    `DELETE FROM patient_link USING patient WHERE patient.id = patient_link.patient_id
       AND (patient.id = ANY ($1::uuid[]) OR patient.root_id = ANY ($1::uuid[]))`,
    [patientIds],
  );
}
