import type { MessageKind } from "#src/message/content.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";
import { claimedOf, type ClaimedLane, type Lease, type OpenedRow } from "./lanes.ts";

/** One raw inbound unit, sealed. */
export interface EventRow {
  readonly epoch: number;
  readonly id: string;
  readonly channel: string;
  readonly receivedAt: string;
  readonly raw: Buffer;
}

/** One message cut from an event, sealed and indexed by keyed hashes only. */
export interface IntakeRow {
  readonly epoch: number;
  readonly id: string;
  readonly eventId: string;
  readonly channel: string;
  readonly kind: MessageKind;
  readonly laneKey: Buffer;
  /** 16 bytes. */
  readonly seenHash: Buffer;
  readonly externalBi: Buffer;
  readonly contactBi: Buffer | null;
  readonly state: "received" | "held";
  readonly reason: string | null;
  readonly receivedAt: string;
  readonly history: string;
  readonly sealed: Buffer;
  readonly externalId: Buffer;
}

export interface AttachmentRow {
  readonly epoch: number;
  readonly id: string;
  readonly messageId: string;
  readonly ordinal: number;
  readonly sealed: Buffer;
}

export interface IntakeBatch {
  readonly events: readonly EventRow[];
  /** No two with the same `seenHash`. */
  readonly messages: readonly IntakeRow[];
  readonly attachments: readonly AttachmentRow[];
  /** To whom the lanes go that come into being; absent: to whoever claims them. */
  readonly handOver?: Lease & {
    /** Of each message whether its lane is offered. */
    readonly offered: readonly boolean[];
  };
}

/** What was stored: sequence numbers by the ids of the messages that are new, and the lanes that were opened for us. */
export interface StoredIntake {
  readonly fresh: ReadonlyMap<string, number>;
  readonly lanes: readonly ClaimedLane[];
}

/** In a form that is not made a join: with hash joins off that would compare every row with every other. */
export const IS_FRESH = "(seen IN (SELECT hash FROM fresh)) IS TRUE";

const STORE = `
WITH input AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::uuid[], $8::bytea[],
    $9::bytea[], $10::text[], $11::text[], $12::timestamptz[], $13::jsonb[], $14::bytea[], $15::bytea[], $26::bool[])
  WITH ORDINALITY AS input (epoch, id, event_id, channel, kind, lane_key, seen, external_bi, contact_bi, state, reason,
    received_at, history, sealed, external_id, offered, position)
), fresh AS (
  INSERT INTO seen (hash, message_id, first_seen) SELECT seen, id, received_at FROM input ORDER BY seen
  ON CONFLICT (hash) DO NOTHING RETURNING hash, message_id
), stored AS (
  INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, contact_bi, state, reason,
    received_at, state_at, history, sealed, external_id)
  SELECT epoch, id, nextval('message_seq'), event_id, channel, kind, lane_key, external_bi, contact_bi, state, reason,
    received_at, received_at, history, sealed, external_id
  FROM (SELECT * FROM input WHERE ${IS_FRESH} ORDER BY position) AS ordered
  RETURNING id, seq
), events AS (
  INSERT INTO event (epoch, id, channel, received_at, raw)
  SELECT * FROM unnest($16::bigint[], $17::uuid[], $18::text[], $19::timestamptz[], $20::bytea[]) AS event (epoch, id, channel, received_at, raw)
  WHERE (id IN (SELECT event_id FROM input WHERE ${IS_FRESH})) IS TRUE
), attachments AS (
  INSERT INTO attachment (epoch, id, message_id, ordinal, verdict, sealed)
  SELECT epoch, id, attachment.message_id, ordinal, 'pending', sealed
  FROM unnest($21::bigint[], $22::uuid[], $23::uuid[], $24::int[], $25::bytea[]) AS attachment (epoch, id, message_id, ordinal, sealed)
  WHERE (attachment.message_id IN (SELECT message_id FROM fresh)) IS TRUE
), wanted AS MATERIALIZED (
  SELECT channel, lane_key, count(*) AS open, CASE WHEN bool_and(offered) THEN nextval('lane_token') ELSE 0 END AS token
  FROM input WHERE ${IS_FRESH} AND state = 'received' GROUP BY channel, lane_key
), lanes AS (
  INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, owner, suspicion)
  SELECT channel, 'prepare', lane_key, open, now(),
    now() + CASE WHEN token > 0 THEN make_interval(secs => $28 / 1000.0) ELSE interval '0' END, token,
    CASE WHEN token > 0 THEN $27::text END, (token > 0)::int
  FROM wanted ORDER BY channel, lane_key
  ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open + EXCLUDED.open
  RETURNING channel, stage, key, token, open
)
SELECT id, seq, NULL AS channel, NULL AS stage, NULL::bytea AS key, NULL::bigint AS token, NULL::int AS open, NULL::bool AS ours
FROM stored
UNION ALL
SELECT NULL, NULL, channel, stage, key, token, open, token IN (SELECT token FROM wanted WHERE token > 0) FROM lanes`;

type StoredRow = { readonly id: string; readonly seq: number } | ({ readonly id: null } & OpenedRow);

/**
 * Writes a batch of events with their messages, attachments and lanes in one statement; what the seen-list already
 * knows is left out. Rows of `seen` and `lane` are taken in key order so that batches of several engines cannot deadlock.
 */
export async function storeIntake(db: Queryable, batch: IntakeBatch): Promise<StoredIntake> {
  const { offered, owner, leaseMs } = batch.handOver ?? { offered: batch.messages.map(() => false) };
  const { rows } = await db.query<StoredRow>(STORE, [
    ...columns(batch.messages, [
      "epoch",
      "id",
      "eventId",
      "channel",
      "kind",
      "laneKey",
      "seenHash",
      "externalBi",
      "contactBi",
      "state",
      "reason",
      "receivedAt",
      "history",
      "sealed",
      "externalId",
    ]),
    ...columns(batch.events, ["epoch", "id", "channel", "receivedAt", "raw"]),
    ...columns(batch.attachments, ["epoch", "id", "messageId", "ordinal", "sealed"]),
    ...[offered, owner ?? null, leaseMs ?? 0],
  ]);
  return {
    fresh: new Map(rows.flatMap((row) => (row.id === null ? [] : [[row.id, row.seq]]))),
    lanes: claimedOf(rows.filter((row) => row.id === null)),
  };
}

/** Whether anything was ever stored. */
export async function hasSeen(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>("SELECT EXISTS (SELECT FROM seen) AS found");
  return rows[0]?.found ?? false;
}
