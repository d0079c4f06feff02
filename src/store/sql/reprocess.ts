import type { Queryable } from "../queryable.ts";
import { openLanes } from "./lanes.ts";

type Reprocessed = { readonly channel: string; readonly laneKey: Buffer };

/**
 * Lets held messages of these contacts in again, because the directory has learned something about their numbers.
 * Runs inside the directory's transaction, so no message can miss the news.
 * @returns how many
 */
export async function reenterHeld(db: Queryable, contactBis: readonly Buffer[], now: Date): Promise<number> {
  const { rows } = await db.query<Reprocessed>(
    `UPDATE message SET state = 'received', reason = NULL, state_at = $2,
       history = history || jsonb_build_object('state', 'received', 'at', $2::timestamptz)
     WHERE contact_bi = ANY ($1::bytea[]) AND state = 'held' AND reason IN ('unknown', 'ambiguous', 'unverified')
     RETURNING channel, lane_key AS "laneKey"`,
    [contactBis, now],
  );
  await openPrepareLanes(db, rows);
  return rows.length;
}

/** A delivery that was accepted, and of which at least one read showed nothing. */
const NOT_SHOWN = "state = 'accepted' AND confirm_at IS NOT NULL AND last_error IS NOT NULL";

/**
 * Sends a held or filtered message through the pipeline again, or requeues the failed deliveries of a failed one, or those
 * of a routed one that a chart accepted and does not show: it may have lost them, and what is sent again has the same ids.
 */
export async function reprocessMessage(db: Queryable, id: string, now: Date): Promise<"again" | "refused" | "absent"> {
  const { rows } = await db.query<Reprocessed & { state: string; epoch: number; orphaned: boolean }>(
    `SELECT state, channel, lane_key AS "laneKey", epoch, address > 0 AND patient_bi IS NULL
       AND NOT EXISTS (SELECT FROM delivery WHERE message_id = $1 AND purpose = 'withdraw') AS orphaned
     FROM message WHERE id = $1 FOR UPDATE`,
    [id],
  );
  const message = rows[0];
  if (!message) return "absent";
  if (message.state === "held" || message.state === "filtered") {
    await moveMessage(db, message.epoch, id, "received", now);
    await openPrepareLanes(db, [message]);
    return "again";
  }
  if (message.state !== "failed" && message.state !== "routed") return "refused";
  if (message.state === "failed" && message.orphaned) return identifyAnew(db, id, message, now);
  const failed = await db.query<{ destination: string }>(
    `UPDATE delivery SET state = 'queued', last_error = NULL, in_doubt = false, confirm_at = NULL
     WHERE epoch = $1 AND message_id = $2 AND ${message.state === "failed" ? "state = 'failed'" : NOT_SHOWN} RETURNING destination`,
    [message.epoch, id],
  );
  if (failed.rows.length === 0) return "refused";
  if (message.state !== "routed") await moveMessage(db, message.epoch, id, "routed", now);
  const lanes = failed.rows.map(({ destination }) => ({
    channel: message.channel,
    stage: destination,
    key: message.laneKey,
    count: 1,
  }));
  await openLanes(db, lanes, true);
  return "again";
}

/** A message whose patient was deleted goes through identification again, unless a destination has it already. */
async function identifyAnew(
  db: Queryable,
  id: string,
  message: Reprocessed & { readonly epoch: number },
  now: Date,
): Promise<"again" | "refused"> {
  const { rows } = await db.query<{ destination: string; state: string }>(
    `SELECT destination, state FROM delivery WHERE epoch = $1 AND message_id = $2 ORDER BY destination FOR UPDATE`,
    [message.epoch, id],
  );
  if (rows.some(({ state }) => ["accepted", "confirmed", "sending"].includes(state))) return "refused";
  await db.query(
    `UPDATE delivery SET state = 'cancelled' WHERE epoch = $1 AND message_id = $2 AND state IN ('queued', 'retrying', 'failed')`,
    [message.epoch, id],
  );
  await moveMessage(db, message.epoch, id, "received", now);
  const { channel, laneKey: key } = message;
  await openPrepareLanes(db, [message]);
  await openLanes(
    db,
    rows.map(({ destination }) => ({ channel, stage: destination, key, count: 0 })),
    true,
  );
  return "again";
}

/** Moves a locked message back to an earlier state. */
export async function moveMessage(
  db: Queryable,
  epoch: number,
  id: string,
  state: "received" | "routed",
  now: Date,
): Promise<void> {
  await db.query(
    `UPDATE message SET state = $3, reason = NULL, retain_until = NULL, state_at = $4,
       history = history || jsonb_build_object('state', $3::text, 'at', $4::timestamptz)
     WHERE epoch = $1 AND id = $2`,
    [epoch, id, state, now],
  );
}

/** Gives received messages back to the lanes that prepare them. */
export async function openPrepareLanes(db: Queryable, messages: readonly Reprocessed[]): Promise<void> {
  if (messages.length === 0) return;
  const work = messages.map((row) => ({ channel: row.channel, stage: "prepare", key: row.laneKey, count: 1 }));
  await openLanes(db, work);
}
