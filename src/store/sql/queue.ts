import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";
import { claimedOf, type ClaimedLane, type Lease, type OpenedRow } from "./lanes.ts";
import { inEpoch } from "./one-epoch.ts";

/** A delivery of a message that is being routed. */
export interface NewDelivery {
  readonly id: string;
  readonly destination: string;
  readonly channel: string;
  readonly laneKey: Buffer;
  readonly seq: number;
  readonly filing: number;
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
 * A statement with ten parameters, the ninth the time and the tenth the epoch, that moves messages and returns `id` and
 * `state` of those it moved.
 */
export interface Move {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Moves messages of one epoch and, of those that are routed by that, queues the deliveries and opens their lanes. A
 * delivery that exists already stays as it is, unless it was cancelled. No rows are joined: in the order the planner thinks
 * best for an epoch it knows little of, that reads all of the epoch.
 */
export async function moveAndQueue(
  db: Queryable,
  move: Move,
  deliveries: readonly NewDelivery[],
  lease?: Lease,
): Promise<Queued> {
  const { rows } = await db.query<QueuedRow>(
    `WITH moved AS (
       ${move.text}
     ), new AS MATERIALIZED (
       SELECT * FROM unnest($11::uuid[], $12::text[], $13::text[], $14::bytea[], $15::bigint[], $16::bool[], $17::int[])
         AS new (id, destination, channel, lane_key, seq, offered, filing)
       WHERE (new.id IN (SELECT id FROM moved WHERE state = 'routed')) IS TRUE
         AND coalesce((SELECT delivery.state FROM delivery WHERE ${inEpoch("delivery", "$10")} AND delivery.message_id = new.id
           AND delivery.destination = new.destination AND delivery.purpose = 'file'
           AND delivery.filing = new.filing), 'cancelled') = 'cancelled'
     ), wanted AS MATERIALIZED (
       SELECT channel, destination, lane_key, count(*) AS open,
         CASE WHEN bool_and(offered) THEN nextval('lane_token') ELSE 0 END AS token
       FROM new GROUP BY channel, destination, lane_key
     ), lanes AS (
       INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, owner, suspicion)
       SELECT channel, destination, lane_key, open, now(),
         now() + CASE WHEN token > 0 THEN make_interval(secs => $19 / 1000.0) ELSE interval '0' END, token,
         CASE WHEN token > 0 THEN $18::text END, (token > 0)::int
       FROM wanted ORDER BY channel, destination, lane_key
       ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open + EXCLUDED.open
       RETURNING channel, stage, key, token, open
     ), opened AS MATERIALIZED (
       SELECT *, token IN (SELECT token FROM wanted WHERE token > 0) AS ours FROM lanes
     ), queued AS (
       INSERT INTO delivery (epoch, message_id, destination, filing, channel, lane_key, seq, state, attempts, queued_at)
       SELECT $10, id, destination, filing, channel, lane_key, seq, CASE WHEN ours THEN 'sending' ELSE 'queued' END, ours::int, $9
       FROM (SELECT *, ((channel, destination, lane_key) IN (SELECT channel, stage, key FROM opened WHERE ours)) IS TRUE
         AS ours FROM new) AS new
       ON CONFLICT (epoch, message_id, destination, purpose, filing) DO UPDATE SET state = EXCLUDED.state,
         attempts = EXCLUDED.attempts, address = 0, in_doubt = false, last_error = NULL, queued_at = EXCLUDED.queued_at,
         accepted_at = NULL
         WHERE delivery.state = 'cancelled'
       RETURNING message_id, destination, state)
     SELECT message_id AS "messageId", destination, state, NULL AS channel, NULL AS stage, NULL::bytea AS key,
       NULL::bigint AS token, NULL::int AS open, NULL::bool AS ours FROM queued
     UNION ALL
     SELECT NULL, NULL, NULL, channel, stage, key, token, open, ours FROM opened`,
    [
      ...move.values,
      ...columns(deliveries, ["id", "destination", "channel", "laneKey", "seq", "offered", "filing"]),
      ...[lease?.owner ?? null, lease?.leaseMs ?? 0],
    ],
  );
  return {
    sending: rows.flatMap((row) => (row.messageId !== null && row.state === "sending" ? [row] : [])),
    lanes: claimedOf(rows.flatMap((row) => (row.messageId === null ? [row] : []))),
  };
}
