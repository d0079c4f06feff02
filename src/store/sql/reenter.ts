import type { Transaction } from "../queryable.ts";
import { openLanes } from "./lanes.ts";

/**
 * Lets held messages of these contacts in again, because the directory has learned something about their numbers.
 * Runs inside the directory's transaction, so no message can miss the news.
 * @returns how many
 */
export async function reenterHeld(db: Transaction, contactBis: readonly Buffer[], now: Date): Promise<number> {
  const { rows } = await db.query<{ channel: string; laneKey: Buffer }>(
    `UPDATE message SET state = 'received', reason = NULL, state_at = $2,
       history = history || jsonb_build_object('state', 'received', 'at', $2::timestamptz)
     WHERE contact_bi = ANY ($1::bytea[]) AND state = 'held'
       AND reason IN ('unknown', 'unasked', 'ambiguous', 'unverified', 'number_moved', 'same_patient')
     RETURNING channel, lane_key AS "laneKey"`,
    [contactBis, now],
  );
  if (rows.length === 0) return 0;
  await openLanes(
    db,
    rows.map((row) => ({ channel: row.channel, stage: "prepare", key: row.laneKey, count: 1 })),
  );
  return rows.length;
}
