import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** A contact as stored: what is personal is sealed. `since`, `keyChangedAt`: ISO 8601; `seenOn`: YYYY-MM-DD. */
export interface ContactRow {
  readonly id: string;
  readonly channel: string;
  readonly phoneBi: Buffer | null;
  readonly userBi: Buffer | null;
  readonly since: string;
  readonly disputed: boolean;
  readonly keyChangedAt: string | null;
  readonly seenOn: string;
  readonly sealed: Buffer;
}

/** Ids somebody wrote under, in one channel. */
export interface ContactKey {
  readonly channel: string;
  readonly phoneBi: Buffer | null;
  readonly userBi: Buffer | null;
}

/** What contacts of the wanted ids are found by, in two looks: with OR in one, all of a channel's contacts would be read. */
const found = (bi: "phone_bi" | "user_bi") =>
  `SELECT contact.* FROM wanted JOIN contact ON contact.channel = wanted.channel AND contact.${bi} = wanted.${bi}`;

/** Every contact that has one of the ids. */
export async function findContacts(db: Queryable, keys: readonly ContactKey[]): Promise<ContactRow[]> {
  const { rows } = await db.query<
    Omit<ContactRow, "since" | "keyChangedAt"> & { since: Date; keyChangedAt: Date | null }
  >(
    `WITH wanted AS (SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS wanted (channel, phone_bi, user_bi))
     SELECT DISTINCT ON (id) id, channel, phone_bi AS "phoneBi", user_bi AS "userBi", since, disputed,
       key_changed_at AS "keyChangedAt", seen_on::text AS "seenOn", sealed
     FROM (${found("phone_bi")} UNION ALL ${found("user_bi")}) AS contact`,
    columns(keys, ["channel", "phoneBi", "userBi"]),
  );
  return rows.map((row) => ({
    ...row,
    since: row.since.toISOString(),
    keyChangedAt: row.keyChangedAt?.toISOString() ?? null,
  }));
}

/** Replaces contacts; `removed` are gone. First all old rows go, because a number may pass between two of them. */
export async function writeContacts(
  db: Queryable,
  changed: readonly ContactRow[],
  removed: readonly string[],
): Promise<void> {
  await db.query("DELETE FROM contact WHERE id = ANY ($1::uuid[])", [[...removed, ...changed.map(({ id }) => id)]]);
  await db.query(
    `INSERT INTO contact (id, channel, phone_bi, user_bi, since, disputed, key_changed_at, seen_on, sealed)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::boolean[],
       $7::timestamptz[], $8::date[], $9::bytea[])`,
    columns(changed, ["id", "channel", "phoneBi", "userBi", "since", "disputed", "keyChangedAt", "seenOn", "sealed"]),
  );
}

/** Remembers when numbers were last known to be somebody's; the latest counts. */
export async function writeNumbersLeft(
  db: Queryable,
  left: readonly { readonly phoneBi: Buffer; readonly leftAt: string }[],
): Promise<void> {
  await db.query(
    `INSERT INTO number_left (phone_bi, left_at)
     SELECT phone_bi, max(left_at) FROM unnest($1::bytea[], $2::timestamptz[]) AS new (phone_bi, left_at)
     GROUP BY phone_bi ORDER BY phone_bi
     ON CONFLICT (phone_bi) DO UPDATE SET left_at = greatest(number_left.left_at, EXCLUDED.left_at)`,
    columns(left, ["phoneBi", "leftAt"]),
  );
}

/**
 * Remembers of numbers that somebody got in place of another when they were not theirs yet, where the directory links one to
 * a patient who does not carry the other: that is the owner before.
 */
export async function writeNumbersTaken(
  db: Queryable,
  taken: readonly { readonly phoneBi: Buffer; readonly insteadBi: Buffer; readonly leftAt: string }[],
): Promise<void> {
  await db.query(
    `INSERT INTO number_left (phone_bi, left_at)
     SELECT phone_bi, max(left_at) FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[]) AS new (phone_bi, instead_bi, left_at)
     WHERE EXISTS (SELECT FROM patient_phone WHERE bi = new.phone_bi
       AND NOT EXISTS (SELECT FROM patient_phone AS former WHERE former.bi = new.instead_bi
         AND former.patient_id = patient_phone.patient_id))
     GROUP BY phone_bi ORDER BY phone_bi
     ON CONFLICT (phone_bi) DO UPDATE SET left_at = greatest(number_left.left_at, EXCLUDED.left_at)`,
    columns(taken, ["phoneBi", "insteadBi", "leftAt"]),
  );
}

/** An id that ended, and by which its owner is found since; keyed hashes. */
export interface Move {
  readonly fromBi: Buffer;
  readonly toBi: Buffer;
  readonly at: string;
}

/** Remembers the provider's word that somebody moved from one id to another; the latest counts. */
export async function writeMoves(db: Queryable, moves: readonly Move[], heardAt: Date): Promise<void> {
  await db.query(
    `INSERT INTO contact_move (from_bi, to_bi, at, heard_at)
     SELECT DISTINCT ON (from_bi) from_bi, to_bi, at, $4
     FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[]) AS new (from_bi, to_bi, at)
     ORDER BY from_bi, at DESC, to_bi
     ON CONFLICT (from_bi) DO UPDATE SET to_bi = EXCLUDED.to_bi, at = EXCLUDED.at, heard_at = EXCLUDED.heard_at
       WHERE contact_move.at < EXCLUDED.at`,
    [...columns(moves, ["fromBi", "toBi", "at"]), heardAt],
  );
}

/** By which the owner of an id at an instant was found later; undefined where nobody moved from it since. */
export async function moveAfter(db: Queryable, fromBi: Buffer, sentAt: string): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ toBi: Buffer }>(
    `SELECT to_bi AS "toBi" FROM contact_move WHERE from_bi = $1 AND at >= $2`,
    [fromBi, sentAt],
  );
  return rows[0]?.toBi;
}

/** Ids whose owners are found by one of these since. */
export async function movedFrom(db: Queryable, toBis: readonly Buffer[]): Promise<Buffer[]> {
  const { rows } = await db.query<{ fromBi: Buffer }>(
    `SELECT from_bi AS "fromBi" FROM contact_move WHERE to_bi = ANY ($1::bytea[])`,
    [toBis],
  );
  return rows.map(({ fromBi }) => fromBi);
}

/** Which of the messages the seen-list knows: they are duplicates, and their evidence is old. @returns hex */
export async function seenAmong(db: Queryable, hashes: readonly Buffer[]): Promise<Set<string>> {
  const { rows } = await db.query<{ hash: string }>("SELECT hash FROM seen WHERE hash = ANY ($1::uuid[])", [hashes]);
  return new Set(rows.map(({ hash }) => hash.replaceAll("-", "")));
}

/** A message of a number: keyed hash, and when it was sent, ISO 8601. */
export interface SentFrom {
  readonly phoneBi: Buffer;
  readonly sentAt: string;
}

/** Why the directory's link of a number may say nothing about who wrote a message from it. */
export interface Doubt {
  /** The number changed hands between the link and the message. */
  readonly left: boolean;
  /** The directory has moved the number from one patient to another, and nobody has decided that it is so. */
  readonly moved: boolean;
}

/**
 * One answer per message, in order. A link that was there when the provider's word of a change arrived is about the owner
 * before it, whatever the clocks say: that word comes within a week, and nobody gets a stranger's number so soon.
 */
export async function changedHands(db: Queryable, messages: readonly SentFrom[]): Promise<Doubt[]> {
  const { rows } = await db.query<Doubt>(
    `SELECT EXISTS (SELECT FROM number_left JOIN patient_phone ON patient_phone.bi = number_left.phone_bi
       LEFT JOIN contact_move ON contact_move.from_bi = number_left.phone_bi AND contact_move.at = number_left.left_at
       WHERE number_left.phone_bi = sent.phone_bi
         AND (patient_phone.since < greatest(number_left.left_at, contact_move.heard_at)) <> (sent.at <= number_left.left_at)) AS left,
       EXISTS (SELECT FROM number_owner JOIN patient ON patient.id = number_owner.patient_id
         JOIN patient_phone ON patient_phone.bi = number_owner.bi
         WHERE number_owner.bi = sent.phone_bi AND patient_phone.patient_id <> patient.root_id) AS moved
     FROM unnest($1::bytea[], $2::timestamptz[]) WITH ORDINALITY AS sent (phone_bi, at, position) ORDER BY position`,
    columns(messages, ["phoneBi", "sentAt"]),
  );
  return rows;
}

/** Lets messages known by user id alone be found by the number that is now known to be theirs. @returns how many */
export async function nameNumber(
  db: Queryable,
  names: readonly { readonly userBi: Buffer; readonly phoneBi: Buffer }[],
): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE message SET contact_bi = known.phone_bi FROM unnest($1::bytea[], $2::bytea[]) AS known (user_bi, phone_bi)
     WHERE message.contact_bi = known.user_bi AND (message.state = 'received' OR message.state = 'held' AND message.reason = 'unknown')`,
    columns(names, ["userBi", "phoneBi"]),
  );
  return rowCount ?? 0;
}

/** Forgets the channel's contacts that have not been seen since the day. @returns how many */
export async function forgetContacts(db: Queryable, channel: string, before: string): Promise<number> {
  const { rowCount } = await db.query("DELETE FROM contact WHERE channel = $1 AND seen_on < $2::date", [
    channel,
    before,
  ]);
  return rowCount ?? 0;
}
