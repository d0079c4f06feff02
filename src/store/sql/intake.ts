import type { MessageKind } from "#src/message/content.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

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
}

const STORE = `
WITH input AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[],
    $9::bytea[], $10::text[], $11::text[], $12::timestamptz[], $13::jsonb[], $14::bytea[], $15::bytea[])
  WITH ORDINALITY AS input (epoch, id, event_id, channel, kind, lane_key, seen, external_bi, contact_bi, state, reason,
    received_at, history, sealed, external_id, position)
), fresh AS (
  INSERT INTO seen (hash, message_id, first_seen) SELECT seen, id, received_at FROM input ORDER BY seen
  ON CONFLICT (hash) DO NOTHING RETURNING hash, message_id
), stored AS (
  INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, contact_bi, state, reason,
    received_at, state_at, history, sealed, external_id)
  SELECT epoch, id, nextval('message_seq'), event_id, channel, kind, lane_key, external_bi, contact_bi, state, reason,
    received_at, received_at, history, sealed, external_id
  FROM (SELECT input.* FROM input JOIN fresh ON fresh.hash = input.seen ORDER BY position) AS ordered
  RETURNING id
), events AS (
  INSERT INTO event (epoch, id, channel, received_at, raw)
  SELECT * FROM unnest($16::bigint[], $17::uuid[], $18::text[], $19::timestamptz[], $20::bytea[]) AS event (epoch, id, channel, received_at, raw)
  WHERE id IN (SELECT event_id FROM input JOIN fresh ON fresh.hash = input.seen)
), attachments AS (
  INSERT INTO attachment (epoch, id, message_id, ordinal, verdict, sealed)
  SELECT epoch, id, attachment.message_id, ordinal, 'pending', sealed
  FROM unnest($21::bigint[], $22::uuid[], $23::uuid[], $24::int[], $25::bytea[]) AS attachment (epoch, id, message_id, ordinal, sealed)
  WHERE attachment.message_id IN (SELECT message_id FROM fresh)
), lanes AS (
  INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
  SELECT channel, 'prepare', lane_key, count(*), now(), now(), 0
  FROM input JOIN fresh ON fresh.hash = input.seen WHERE state = 'received'
  GROUP BY channel, lane_key ORDER BY channel, lane_key
  ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open + EXCLUDED.open
)
SELECT message_id FROM fresh`;

/**
 * Writes a batch of events with their messages, attachments and lanes in one statement; what the seen-list already
 * knows is left out. Rows of `seen` and `lane` are taken in key order so that batches of several engines cannot deadlock.
 * @returns the ids of the messages that are new
 */
export async function storeIntake(db: Queryable, batch: IntakeBatch): Promise<Set<string>> {
  const { rows } = await db.query<{ message_id: string }>(STORE, [
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
  ]);
  return new Set(rows.map((row) => row.message_id));
}
