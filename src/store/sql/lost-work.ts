import type { Queryable } from "../queryable.ts";
import type { LaneKey } from "./lanes.ts";

/**
 * Open work in no lane: received messages, and deliveries that are not settled. Work and lane are written in one
 * commit and leave in one, so there is none; a row is a fault of the engine, and nobody would ever take the message up.
 */
export async function findLostWork(db: Queryable, limit: number): Promise<(LaneKey & { readonly count: number })[]> {
  const { rows } = await db.query<LaneKey & { readonly count: number }>(
    `WITH work AS NOT MATERIALIZED (
       SELECT channel, 'prepare' AS stage, lane_key AS key FROM message WHERE (state || '') = 'received'
       UNION ALL SELECT channel, destination, lane_key FROM delivery WHERE state IN ('queued', 'sending', 'retrying')
     ), lost AS (
       SELECT channel, stage, key FROM work EXCEPT SELECT channel, stage, key FROM lane LIMIT $1)
     SELECT channel, stage, key, count(*)::int AS count FROM lost JOIN work USING (channel, stage, key)
     GROUP BY channel, stage, key`,
    [limit],
  );
  return rows;
}
