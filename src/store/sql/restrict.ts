import type { Queryable } from "../queryable.ts";
import { UNFINISHED } from "./survivors.ts";

/** The channels, other than these, of which something unfinished or a contact is stored. */
export async function channelsLeft(db: Queryable, known: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ channel: string }>(
    `WITH RECURSIVE of_contacts AS (
       SELECT min(channel) AS channel FROM contact
       UNION ALL
       SELECT (SELECT min(channel) FROM contact WHERE channel > of_contacts.channel) FROM of_contacts
         WHERE of_contacts.channel IS NOT NULL)
     SELECT channel FROM of_contacts WHERE channel IS NOT NULL AND channel <> ALL ($1::text[])
     UNION
     SELECT channel FROM message WHERE ${UNFINISHED} AND channel <> ALL ($1::text[])`,
    [known],
  );
  return rows.map(({ channel }) => channel);
}

interface Limits {
  readonly channel: string;
  readonly hardMaxAgeMs: number;
  readonly unknownSenderMs: number;
}

/** How long a message may wait, with its channel's limits in parameters 2 and 3. */
const LIMIT = `make_interval(secs => CASE WHEN reason IN ('unknown', 'unasked', 'ambiguous', 'unverified', 'number_moved')
  THEN least($2::bigint, $3::bigint) ELSE $2::bigint END / 1000.0)`;

/** When the next message of a channel outlives its limit if nobody decides it. */
export async function nextRestriction(db: Queryable, limits: Limits): Promise<Date | undefined> {
  const { rows } = await db.query<{ due: Date | null }>(
    `SELECT min(received_at + ${LIMIT}) AS due FROM message WHERE channel = $1 AND restricted_at IS NULL AND ${UNFINISHED}`,
    [limits.channel, limits.hardMaxAgeMs, limits.unknownSenderMs],
  );
  return rows[0]?.due ?? undefined;
}

/**
 * Marks messages that outlived their channel's limit without being filed or decided as restricted; they stay, sealed,
 * and raise an alarm. @returns how many are newly restricted
 */
export async function restrictOverdue(db: Queryable, limits: Limits, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE message SET restricted_at = $4 WHERE channel = $1 AND restricted_at IS NULL
       AND ${UNFINISHED} AND received_at < $4::timestamptz - ${LIMIT}`,
    [limits.channel, limits.hardMaxAgeMs, limits.unknownSenderMs, now],
  );
  return rowCount ?? 0;
}
