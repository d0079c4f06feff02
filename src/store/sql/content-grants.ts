import type { Queryable, Transaction } from "../queryable.ts";

/** Leave to read one message. Ends by itself, asked for or given. */
export interface ContentGrant {
  readonly id: string;
  readonly messageId: string;
  readonly channel: string;
  readonly reason: string;
  /** The journal's words for who asked and who gave: keyed hashes of persons. */
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly grantedBy: string | null;
  readonly endsAt: Date;
}

const COLUMNS = `id, message_id AS "messageId", channel, reason, asked_by AS "askedBy", asked_at AS "askedAt",
  granted_by AS "grantedBy", ends_at AS "endsAt"`;

export async function askForContent(db: Transaction, grant: Omit<ContentGrant, "grantedBy">): Promise<void> {
  const { id, messageId, channel, reason, askedBy, askedAt, endsAt } = grant;
  await db.query("DELETE FROM content_grant WHERE ends_at <= $1", [askedAt]);
  await db.query(
    `INSERT INTO content_grant (id, message_id, channel, reason, asked_by, asked_at, ends_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, messageId, channel, reason, askedBy, askedAt, endsAt],
  );
}

/** Those that have not ended, newest first. @param channels absent: all */
export async function listContentGrants(
  db: Queryable,
  now: Date,
  { askedBy, channels }: { askedBy?: string | undefined; channels?: readonly string[] | undefined },
): Promise<ContentGrant[]> {
  const { rows } = await db.query<ContentGrant>(
    `SELECT ${COLUMNS} FROM content_grant WHERE ends_at > $1 AND ($2::text IS NULL OR asked_by = $2)
       AND ($3::text[] IS NULL OR channel = ANY ($3)) ORDER BY asked_at DESC LIMIT 500`,
    [now, askedBy ?? null, channels ?? null],
  );
  return rows;
}

export async function findContentGrant(db: Queryable, id: string, now: Date): Promise<ContentGrant | undefined> {
  const { rows } = await db.query<ContentGrant>(`SELECT ${COLUMNS} FROM content_grant WHERE id = $1 AND ends_at > $2`, [
    id,
    now,
  ]);
  return rows[0];
}

/** Gives leave, once, and never to oneself. @returns false where it was given or has ended */
export async function giveContent(
  db: Transaction,
  id: string,
  { grantedBy, now, endsAt }: { readonly grantedBy: string; readonly now: Date; readonly endsAt: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE content_grant SET granted_by = $2, ends_at = $4
     WHERE id = $1 AND granted_by IS NULL AND asked_by <> $2 AND ends_at > $3`,
    [id, grantedBy, now, endsAt],
  );
  return rowCount === 1;
}

/** The leave somebody has to read a message now. */
export async function openContentGrant(
  db: Queryable,
  messageId: string,
  askedBy: string,
  now: Date,
): Promise<ContentGrant | undefined> {
  const { rows } = await db.query<ContentGrant>(
    `SELECT ${COLUMNS} FROM content_grant WHERE message_id = $1 AND asked_by = $2 AND granted_by IS NOT NULL
       AND ends_at > $3 ORDER BY ends_at DESC LIMIT 1`,
    [messageId, askedBy, now],
  );
  return rows[0];
}
