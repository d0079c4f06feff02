import type { Transaction } from "../queryable.ts";
import { PARKED_BY_PERSON, type LaneKey } from "./lanes.ts";

/** `busy`: an engine is at work on it right now. `idle`: it is already as wanted. */
export type LaneMove = "done" | "busy" | "idle" | "absent";

/** Makes a waiting lane due at once; a parked one stays parked. */
export async function tryLane(db: Transaction, lane: LaneKey): Promise<LaneMove> {
  const state = await lockLane(db, lane);
  if (!state) return "absent";
  if (state.busy) return "busy";
  if (state.parked) return "idle";
  await db.query(`UPDATE lane SET ready_at = now() WHERE channel = $1 AND stage = $2 AND key = $3`, keyOf(lane));
  return "done";
}

/** Stops a lane until a person lets it go on; a turn under way is finished. */
export async function parkLane(db: Transaction, lane: LaneKey): Promise<LaneMove> {
  const state = await lockLane(db, lane);
  if (!state) return "absent";
  if (state.parked) return "idle";
  await db.query(`UPDATE lane SET parked_at = now(), reason = $4 WHERE channel = $1 AND stage = $2 AND key = $3`, [
    ...keyOf(lane),
    PARKED_BY_PERSON,
  ]);
  return "done";
}

/** Lets a parked lane go on with what waits in it; what failed in it stays failed. */
export async function unparkLane(db: Transaction, lane: LaneKey): Promise<LaneMove> {
  const state = await lockLane(db, lane);
  if (!state) return "absent";
  if (!state.parked) return "idle";
  await db.query(
    `UPDATE lane SET parked_at = NULL, reason = NULL, ready_at = CASE WHEN owner IS NULL THEN now() ELSE ready_at END
     WHERE channel = $1 AND stage = $2 AND key = $3`,
    keyOf(lane),
  );
  return "done";
}

async function lockLane(db: Transaction, lane: LaneKey): Promise<{ busy: boolean; parked: boolean } | undefined> {
  const { rows } = await db.query<{ busy: boolean; parked: boolean }>(
    `SELECT owner IS NOT NULL AND ready_at > now() AS busy, parked_at IS NOT NULL AS parked
     FROM lane WHERE channel = $1 AND stage = $2 AND key = $3 FOR UPDATE`,
    keyOf(lane),
  );
  return rows[0];
}

function keyOf({ channel, stage, key }: LaneKey): unknown[] {
  return [channel, stage, key];
}
