import type { MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import { UNFINISHED } from "./survivors.ts";
import { seqBefore } from "./instant-seq.ts";

/** Minutes whose rates are counted. */
export const RATE_MINUTES = 60;
/** Rates are counted among so many of the newest messages: tens of milliseconds. */
const NEWEST = 50_000;

/** How many messages came, and how many were filed, in one of the last minutes (0: the current one). */
export interface MinuteRate {
  readonly channel: string;
  readonly ago: number;
  readonly received: number;
  readonly filed: number;
}

export async function rates(db: Queryable, now: Date): Promise<MinuteRate[]> {
  const since = new Date(now.getTime() - RATE_MINUTES * 60_000);
  const { rows } = await db.query<MinuteRate>(
    `WITH recent AS (
       SELECT channel, received_at, filed_at FROM message WHERE seq >= $1 AND seq >= (SELECT max(seq) FROM message) - $4
       UNION ALL
       SELECT channel, received_at, filed_at FROM tombstone WHERE seq >= $1 AND seq >= (SELECT max(seq) FROM tombstone) - $4
     ), happened AS (
       SELECT channel, received_at AS at, 1 AS received, 0 AS filed FROM recent
       UNION ALL SELECT channel, filed_at, 0, 1 FROM recent WHERE filed_at IS NOT NULL)
     SELECT channel, floor(extract(epoch FROM $2::timestamptz - at) / 60)::int AS ago, sum(received)::int AS received,
       sum(filed)::int AS filed
     FROM happened WHERE at > $3 AND at <= $2 GROUP BY 1, 2`,
    [await seqBefore(db, since), now, since, NEWEST],
  );
  return rows;
}

/** Messages that are not at their end, by what they wait for. */
export interface Unsettled {
  readonly channel: string;
  readonly state: MessageState;
  readonly reason: string | null;
  readonly count: number;
  readonly oldest: Date;
}

export async function unsettled(db: Queryable): Promise<Unsettled[]> {
  const { rows } = await db.query<Unsettled>(
    `SELECT channel, state, reason, count(*)::bigint AS count, min(received_at) AS oldest FROM message
     WHERE ${UNFINISHED} GROUP BY channel, state, reason`,
  );
  return rows;
}
