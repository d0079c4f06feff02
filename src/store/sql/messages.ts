import type { MessageKind } from "#src/message/content.ts";
import type { DeliveryPurpose, HistoryEntry, MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import { UNFINISHED } from "./survivors.ts";

/** One line of the message browser; `externalId` is sealed under `epoch`, null once purged. */
export interface MessageSummary {
  readonly id: string;
  readonly seq: number;
  readonly epoch: number | null;
  readonly channel: string;
  readonly kind: MessageKind;
  readonly state: MessageState;
  readonly reason: string | null;
  readonly receivedAt: Date;
  readonly filedAt: Date | null;
  readonly restrictedAt: Date | null;
  readonly externalId: Buffer | null;
}

/** A message with everything sealed that the browser may open. */
export interface MessageDetail extends MessageSummary {
  readonly history: readonly HistoryEntry[];
  readonly lastError: string | null;
  readonly sealed: Buffer | null;
  readonly routed: Buffer | null;
  readonly laneKey: Buffer | null;
}

export async function getMessage(db: Queryable, id: string): Promise<MessageDetail | undefined> {
  const { rows } = await db.query<MessageDetail>(
    `SELECT id, seq, epoch, channel, kind, state, reason, received_at AS "receivedAt", filed_at AS "filedAt",
       restricted_at AS "restrictedAt", external_id AS "externalId", history, last_error AS "lastError", sealed, routed,
       lane_key AS "laneKey" FROM message WHERE id = $1
     UNION ALL
     SELECT message_id, seq, NULL, channel, kind, 'purged', NULL, received_at, filed_at, NULL, NULL, history, NULL, NULL,
       NULL, NULL FROM tombstone WHERE message_id = $1`,
    [id],
  );
  return rows[0];
}

/** What routing froze of each of these messages, sealed. */
export async function routedContexts(
  db: Queryable,
  ids: readonly string[],
): Promise<Map<string, { readonly epoch: number; readonly routed: Buffer }>> {
  const { rows } = await db.query<{ id: string; epoch: number; routed: Buffer }>(
    "SELECT id, epoch, routed FROM message WHERE id = ANY ($1::uuid[]) AND routed IS NOT NULL",
    [ids],
  );
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}

/** A delivery as shown; `receipt`, `confirmation` and `said` are sealed under the message's epoch. */
export interface DeliveryDetail {
  readonly destination: string;
  readonly purpose: DeliveryPurpose;
  readonly filing: number;
  readonly state: string;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly mappingVersion: string | null;
  readonly sentSha256: string | null;
  readonly acceptedAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly receipt: Buffer | null;
  readonly confirmation: Buffer | null;
  readonly said: Buffer | null;
}

/** The deliveries of a message; for a purged one, what its tombstone kept: no receipt, and no hash of what was sent. */
export async function getDeliveries(db: Queryable, messageId: string): Promise<DeliveryDetail[]> {
  const { rows } = await db.query<DeliveryDetail>(
    `SELECT destination, purpose, filing, state, attempts, last_error AS "lastError", mapping_version AS "mappingVersion",
       sent_sha256 AS "sentSha256", accepted_at AS "acceptedAt", confirmed_at AS "confirmedAt", receipt, confirmation,
       said FROM delivery WHERE message_id = $1
     UNION ALL
     SELECT d.destination, coalesce(d.purpose, 'file'), coalesce(d.filing, 1), d.state, d.attempts, NULL, d.mapping_version,
       NULL, d.accepted_at, d.confirmed_at, NULL, NULL, NULL
     FROM tombstone, jsonb_to_recordset(tombstone.deliveries) AS d (destination text, purpose text, filing int, state text,
       attempts int, mapping_version text, accepted_at timestamptz, confirmed_at timestamptz)
     WHERE tombstone.message_id = $1 ORDER BY filing, destination, purpose`,
    [messageId],
  );
  return rows;
}

/** Counts of live messages by channel and state, and of purged ones by channel. */
export async function countMessages(db: Queryable): Promise<{ channel: string; state: MessageState; count: number }[]> {
  const { rows } = await db.query<{ channel: string; state: MessageState; count: number }>(
    `SELECT channel, state, count(*)::bigint AS count FROM message GROUP BY channel, state
     UNION ALL SELECT channel, 'purged', count(*)::bigint FROM tombstone GROUP BY channel`,
  );
  return rows;
}

/** What waits at one stage of one channel. */
export interface StageBacklog {
  readonly channel: string;
  readonly stage: string;
  readonly lanes: number;
  readonly parked: number;
  readonly open: number;
  /** When the longest waiting lane was opened. */
  readonly oldest: Date | null;
}

export async function stageBacklogs(db: Queryable): Promise<StageBacklog[]> {
  const { rows } = await db.query<StageBacklog>(
    `SELECT channel, stage, count(*)::bigint AS lanes, count(parked_at)::bigint AS parked, sum(open)::bigint AS open,
       min(opened_at) AS oldest FROM lane GROUP BY channel, stage`,
  );
  return rows;
}

/** When the oldest message was received that waits for something: the pipeline, a destination or a person. */
export async function oldestUnfiled(db: Queryable): Promise<Date | null> {
  const { rows } = await db.query<{ oldest: Date | null }>(
    `SELECT min(received_at) AS oldest FROM message WHERE ${UNFINISHED}`,
  );
  return rows[0]?.oldest ?? null;
}
