import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";
import { inEpoch } from "./one-epoch.ts";
import { claimedOf, type ClaimedLane, type Lease, type OpenedRow } from "./lanes.ts";

/** A delivery of a message that has just been routed. */
export interface NewDelivery {
  readonly id: string;
  readonly destination: string;
  /** Whether its lane is offered: if it comes into being, it is leased, and the delivery marked `sending`. */
  readonly offered: boolean;
}

/** What was queued: the deliveries that are `sending` already, and the lanes they are in, opened for us. */
export interface Queued {
  readonly sending: readonly { readonly messageId: string; readonly destination: string }[];
  readonly lanes: readonly ClaimedLane[];
}

type QueuedRow =
  | { readonly messageId: string; readonly destination: string; readonly state: "queued" | "sending" }
  | ({ readonly messageId: null } & OpenedRow);

/**
 * Queues deliveries of routed messages of one epoch and opens their lanes. One that exists already changes nothing, unless it was
 * cancelled. `routed` is the condition on `message` that only those fulfil.
 */
export async function queueDeliveries(
  db: Queryable,
  epoch: number,
  deliveries: readonly NewDelivery[],
  now: Date,
  routed: string,
  lease?: Lease,
): Promise<Queued> {
  const { rows } = await db.query<QueuedRow>(
    `WITH new AS MATERIALIZED (
       SELECT message.epoch, message.id, new.destination, message.channel, message.lane_key, message.seq, new.offered
       FROM unnest($1::uuid[], $2::text[], $3::bool[]) AS new (id, destination, offered)
       JOIN message ON ${inEpoch("message", "$7")} AND message.id = new.id AND ${routed}
       WHERE coalesce((SELECT delivery.state FROM delivery WHERE ${inEpoch("delivery", "$7")} AND delivery.message_id = message.id
         AND delivery.destination = new.destination AND delivery.purpose = 'file'), 'cancelled') = 'cancelled'
     ), wanted AS MATERIALIZED (
       SELECT channel, destination, lane_key, count(*) AS open,
         CASE WHEN bool_and(offered) THEN nextval('lane_token') ELSE 0 END AS token
       FROM new GROUP BY channel, destination, lane_key
     ), lanes AS (
       INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, owner)
       SELECT channel, destination, lane_key, open, now(),
         now() + CASE WHEN token > 0 THEN make_interval(secs => $6 / 1000.0) ELSE interval '0' END, token,
         CASE WHEN token > 0 THEN $5::text END
       FROM wanted ORDER BY channel, destination, lane_key
       ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open + EXCLUDED.open
       RETURNING channel, stage, key, token, open
     ), opened AS MATERIALIZED (
       SELECT *, token IN (SELECT token FROM wanted WHERE token > 0) AS ours FROM lanes
     ), queued AS (
       INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, attempts, queued_at)
       SELECT epoch, id, destination, channel, lane_key, seq, CASE WHEN ours THEN 'sending' ELSE 'queued' END, ours::int, $4
       FROM (SELECT *, ((channel, destination, lane_key) IN (SELECT channel, stage, key FROM opened WHERE ours)) IS TRUE
         AS ours FROM new) AS new
       ON CONFLICT (epoch, message_id, destination, purpose) DO UPDATE SET state = EXCLUDED.state,
         attempts = EXCLUDED.attempts, address = 0, in_doubt = false, last_error = NULL, queued_at = EXCLUDED.queued_at
         WHERE delivery.state = 'cancelled'
       RETURNING message_id, destination, state)
     SELECT message_id AS "messageId", destination, state, NULL AS channel, NULL AS stage, NULL::bytea AS key,
       NULL::bigint AS token, NULL::int AS open, NULL::bool AS ours FROM queued
     UNION ALL
     SELECT NULL, NULL, NULL, channel, stage, key, token, open, ours FROM opened`,
    [
      ...columns(deliveries, ["id", "destination", "offered"]),
      ...[now, lease?.owner ?? null, lease?.leaseMs ?? 0, epoch],
    ],
  );
  return {
    sending: rows.flatMap((row) => (row.messageId !== null && row.state === "sending" ? [row] : [])),
    lanes: claimedOf(rows.flatMap((row) => (row.messageId === null ? [row] : []))),
  };
}
