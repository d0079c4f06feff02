import type { Queryable } from "../queryable.ts";
import type { LaneKey } from "./lanes.ts";

/**
 * Open work in no lane: received messages, and deliveries that are not settled. Work and lane are written in one
 * commit and leave in one, so there is none; a row is a fault of the engine, and nobody would ever take the message up.
 */
export async function findLostWork(db: Queryable, limit: number): Promise<(LaneKey & { readonly count: number })[]> {
  const { rows } = await db.query<LaneKey & { readonly count: number }>(
    `SELECT channel, stage, key, count(*)::int AS count FROM (
       SELECT channel, 'prepare' AS stage, lane_key AS key FROM message WHERE (state || '') = 'received'
       UNION ALL SELECT channel, destination, lane_key FROM delivery WHERE state IN ('queued', 'sending', 'retrying')
     ) AS work
     WHERE NOT EXISTS (SELECT FROM lane
       WHERE lane.channel = work.channel AND lane.stage = work.stage AND lane.key = work.key)
     GROUP BY channel, stage, key LIMIT $1`,
    [limit],
  );
  return rows;
}
