import type { Queryable } from "../queryable.ts";

/** A session as stored: who it is is sealed. */
export interface AccessSessionRow {
  readonly id: string;
  readonly provider: string;
  /** Keyed hash of provider and subject. */
  readonly personBi: Buffer;
  readonly createdAt: Date;
  readonly seenAt: Date;
  readonly checkedAt: Date;
  readonly endsAt: Date;
  readonly sealed: Buffer;
}

export interface NewSession extends AccessSessionRow {
  /** SHA-256 of the 256 random bits in the cookie. */
  readonly secretHash: Buffer;
  /** Keyed hash of the provider's own session id. */
  readonly sidBi: Buffer | null;
}

const COLUMNS = `id, provider, person_bi AS "personBi", created_at AS "createdAt", seen_at AS "seenAt",
  checked_at AS "checkedAt", ends_at AS "endsAt", sealed`;

export async function insertSession(db: Queryable, session: NewSession): Promise<void> {
  const { id, secretHash, provider, personBi, sidBi, createdAt, seenAt, checkedAt, endsAt, sealed } = session;
  await db.query(
    `INSERT INTO access_session (id, secret_hash, provider, person_bi, sid_bi, created_at, seen_at, checked_at, ends_at, sealed)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [id, secretHash, provider, personBi, sidBi, createdAt, seenAt, checkedAt, endsAt, sealed],
  );
}

/** The session of a cookie, within both its limits. */
export async function findSession(
  db: Queryable,
  secretHash: Buffer,
  now: Date,
  seenSince: Date,
): Promise<AccessSessionRow | undefined> {
  const { rows } = await db.query<AccessSessionRow>(
    `SELECT ${COLUMNS} FROM access_session WHERE secret_hash = $1 AND ends_at > $2 AND seen_at > $3`,
    [secretHash, now, seenSince],
  );
  return rows[0];
}

export async function touchSession(db: Queryable, id: string, now: Date): Promise<void> {
  await db.query("UPDATE access_session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", [id, now]);
}

/** Takes the turn to ask the provider about a session. @returns false where somebody else has taken it */
export async function claimCheck(db: Queryable, id: string, last: Date, now: Date): Promise<boolean> {
  const { rowCount } = await db.query("UPDATE access_session SET checked_at = $3 WHERE id = $1 AND checked_at = $2", [
    id,
    last,
    now,
  ]);
  return rowCount === 1;
}

export async function resealSession(db: Queryable, id: string, sealed: Buffer): Promise<void> {
  await db.query("UPDATE access_session SET sealed = $2 WHERE id = $1", [id, sealed]);
}

/** Open sessions, newest first: all of them, or one person's. */
export async function listSessions(db: Queryable, now: Date, personBi: Buffer | null): Promise<AccessSessionRow[]> {
  const { rows } = await db.query<AccessSessionRow>(
    `SELECT ${COLUMNS} FROM access_session WHERE ends_at > $1 AND ($2::bytea IS NULL OR person_bi = $2)
     ORDER BY created_at DESC LIMIT 500`,
    [now, personBi],
  );
  return rows;
}

interface EndedSession {
  readonly id: string;
  readonly provider: string;
}

/** Ends sessions by one of their marks. @returns those that were open */
export async function endSessions(
  db: Queryable,
  by: { readonly id?: string; readonly secretHash?: Buffer; readonly personBi?: Buffer; readonly sidBi?: Buffer },
): Promise<EndedSession[]> {
  const { rows } = await db.query<EndedSession>(
    `DELETE FROM access_session WHERE ($1::uuid IS NOT NULL OR $2::bytea IS NOT NULL OR $3::bytea IS NOT NULL OR $4::bytea IS NOT NULL)
       AND ($1::uuid IS NULL OR id = $1) AND ($2::bytea IS NULL OR secret_hash = $2)
       AND ($3::bytea IS NULL OR person_bi = $3) AND ($4::bytea IS NULL OR sid_bi = $4) RETURNING id, provider`,
    [by.id ?? null, by.secretHash ?? null, by.personBi ?? null, by.sidBi ?? null],
  );
  return rows;
}

/** Forgets sessions past a limit, and logout tokens that have expired. */
export async function dropEndedSessions(db: Queryable, now: Date, seenSince: Date): Promise<void> {
  await db.query("DELETE FROM access_session WHERE ends_at <= $1 OR seen_at <= $2", [now, seenSince]);
  await db.query("DELETE FROM access_logout WHERE until <= $1", [now]);
}

/** @returns false for a logout token that was obeyed before */
export async function noteLogout(db: Queryable, jtiHash: Buffer, until: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    "INSERT INTO access_logout (jti_hash, until) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [jtiHash, until],
  );
  return rowCount === 1;
}
