import type { OutboundState } from "#src/message/outbound-status.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** What one or more reports say of a sent message; found by keyed hashes only. */
export interface OutboundRow {
  readonly externalBi: Buffer;
  /** Empty where the message went to one person. */
  readonly participantBi: Buffer;
  readonly id: string;
  readonly channel: string;
  readonly state: OutboundState;
  readonly rank: number;
  readonly reachedAt: string;
  /** JSON array of strings. */
  readonly codes: string;
}

/**
 * Joins what is reported with what is known, as `joinStatus` does: the rank never goes back, and repeating changes
 * nothing. Rows are taken in key order. No two may have the same hashes.
 */
export async function reportOutbound(db: Queryable, reports: readonly OutboundRow[], now: Date): Promise<void> {
  await db.query(
    `INSERT INTO outbound_status AS known (external_bi, participant_bi, id, channel, state, rank, reached_at, codes, updated_at)
     SELECT *, $9::timestamptz FROM unnest($1::bytea[], $2::bytea[], $3::uuid[], $4::text[], $5::text[], $6::int[],
       $7::timestamptz[], $8::jsonb[]) AS new (external_bi, participant_bi, id, channel, state, rank, reached_at, codes)
     ORDER BY external_bi, participant_bi
     ON CONFLICT (external_bi, participant_bi) DO UPDATE SET
       state = CASE WHEN EXCLUDED.rank > known.rank THEN EXCLUDED.state ELSE known.state END,
       rank = greatest(known.rank, EXCLUDED.rank),
       reached_at = CASE WHEN EXCLUDED.rank > known.rank THEN EXCLUDED.reached_at
         WHEN EXCLUDED.rank = known.rank THEN least(known.reached_at, EXCLUDED.reached_at) ELSE known.reached_at END,
       codes = (SELECT coalesce(jsonb_agg(DISTINCT code ORDER BY code), '[]')
         FROM jsonb_array_elements_text(known.codes || EXCLUDED.codes) AS code),
       updated_at = EXCLUDED.updated_at
     WHERE EXCLUDED.rank > known.rank OR NOT known.codes @> EXCLUDED.codes
       OR (EXCLUDED.rank = known.rank AND EXCLUDED.reached_at < known.reached_at)`,
    [...columns(reports, ["externalBi", "participantBi", "id", "channel", "state", "rank", "reachedAt", "codes"]), now],
  );
}

/** What is known of a sent message, in one conversation or of one participant of a group. */
export interface OutboundView {
  readonly id: string;
  readonly channel: string;
  readonly state: OutboundState;
  readonly reachedAt: Date;
  readonly codes: readonly string[];
  readonly updatedAt: Date;
}

/** The most recently changed that match, newest first. @param externalBis keyed hashes of the id looked for */
export async function listOutbound(
  db: Queryable,
  filter: {
    channel?: string | undefined;
    channels?: readonly string[] | undefined;
    externalBis?: readonly Buffer[] | undefined;
    limit: number;
  },
): Promise<OutboundView[]> {
  const { rows } = await db.query<OutboundView>(
    `SELECT id, channel, state, reached_at AS "reachedAt", codes, updated_at AS "updatedAt" FROM outbound_status
     WHERE ($1::text IS NULL OR channel = $1) AND ($2::bytea[] IS NULL OR external_bi = ANY ($2))
       AND ($4::text[] IS NULL OR channel = ANY ($4))
     ORDER BY updated_at DESC, id LIMIT $3`,
    [filter.channel ?? null, filter.externalBis ?? null, filter.limit, filter.channels ?? null],
  );
  return rows;
}
