import { LANE_ORDER } from "../locks.ts";
import type { Transaction } from "../queryable.ts";
import { openLanes } from "./lanes.ts";

/** Deliveries that stopped because a destination knew several patients where the directory knows one. */
const AMBIGUOUS = `delivery.state = 'failed' AND delivery.last_error LIKE 'PATIENT\\_AMBIGUOUS\\_AT\\_DESTINATION:%'`;

/** Locks the lanes in which messages of these patients stopped so; those that are gone come into being again. */
export async function lockAmbiguous(db: Transaction, patientBis: readonly Buffer[]): Promise<void> {
  await db.query(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
     SELECT lane.channel, lane.stage, lane.key, 0, now(), now(), 0
     FROM (SELECT DISTINCT message.channel, delivery.destination AS stage, message.lane_key AS key
       FROM message JOIN delivery ON delivery.epoch = message.epoch AND delivery.message_id = message.id
       WHERE message.patient_bi = ANY ($1::bytea[]) AND ${AMBIGUOUS}) AS lane
     ORDER BY ${LANE_ORDER} ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open`,
    [patientBis],
  );
}

/**
 * Tries again what stopped so: a merge of these patients may have resolved it, and what is still ambiguous stops as before.
 * The caller has locked the lanes and the messages.
 */
export async function freeAmbiguous(db: Transaction, patientBis: readonly Buffer[], now: Date): Promise<void> {
  const { rows } = await db.query<{ channel: string; destination: string; key: Buffer }>(
    `WITH freed AS (
       UPDATE delivery SET state = 'queued', last_error = NULL FROM message
       WHERE delivery.epoch = message.epoch AND delivery.message_id = message.id
         AND message.patient_bi = ANY ($1::bytea[]) AND ${AMBIGUOUS}
       RETURNING message.epoch, message.id, message.channel, delivery.destination, message.lane_key AS key
     ), routed AS (
       UPDATE message SET state = 'routed', reason = NULL, retain_until = NULL, state_at = $2,
         history = history || jsonb_build_object('state', 'routed', 'at', $2::timestamptz)
       FROM (SELECT DISTINCT epoch, id FROM freed) AS one
       WHERE message.epoch = one.epoch AND message.id = one.id AND message.state = 'failed'
         AND NOT EXISTS (SELECT FROM delivery WHERE delivery.epoch = one.epoch AND delivery.message_id = one.id
           AND delivery.state = 'failed' AND NOT (${AMBIGUOUS})))
     SELECT channel, destination, key FROM freed`,
    [patientBis, now],
  );
  const lanes = rows.map(({ channel, destination: stage, key }) => ({ channel, stage, key, count: 1 }));
  if (lanes.length > 0) await openLanes(db, lanes, true);
}
