import type { Verdict } from "#src/message/attachment.ts";
import { mayHaveAttachments, type MessageKind } from "#src/message/content.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";
import { inEpoch, perEpoch } from "./one-epoch.ts";
import { mostOf, type ClaimedLane, type LaneKey, type Lease } from "./lanes.ts";
import { moveAndQueue, type Move, type Queued } from "./queue.ts";

/** A message that waits to be assembled, filtered, identified and routed. */
export interface ReceivedRow {
  readonly epoch: number;
  readonly id: string;
  readonly seq: number;
  readonly channel: string;
  readonly kind: MessageKind;
  readonly laneKey: Buffer;
  readonly contactBi: Buffer | null;
  readonly filing: number;
  /** The patient from whose chart it was withdrawn as somebody else's. */
  readonly notPatientBi: Buffer | null;
  /** The link by which somebody decided whose it is. */
  readonly linkId: string | null;
  readonly receivedAt: Date;
  readonly sealed: Buffer;
  readonly externalId: Buffer;
}

export interface AttachmentState {
  readonly epoch: number;
  readonly id: string;
  readonly messageId: string;
  readonly ordinal: number;
  readonly verdict: Verdict;
  readonly sealed: Buffer;
}

/**
 * The condition of the index "message_to_prepare", in a form that no other index answers. With the bare column, the message
 * browser's index looks as good wherever nothing is waiting while the plan is made, and would then be read through the
 * whole backlog for every batch.
 */
const TO_PREPARE = `(message.state || '') = 'received'`;

/** The state of a message found by its key, in a form that no index answers, for the same reason. */
const STATE = "lower(message.state)";

/** The oldest received messages of each claimed lane, in order; of a suspect one the first alone. */
export async function takeReceived(
  db: Queryable,
  lanes: readonly (LaneKey & Pick<ClaimedLane, "suspicion">)[],
  perLane: number,
): Promise<ReceivedRow[]> {
  const { rows } = await db.query<ReceivedRow>(
    `SELECT message.epoch, message.id, message.seq, message.channel, message.kind, message.lane_key AS "laneKey",
       message.contact_bi AS "contactBi", message.filing,
       CASE WHEN message.withdrawal = 'wrong_patient' THEN message.patient_bi END AS "notPatientBi", message.received_at AS "receivedAt", message.sealed,
       message.external_id AS "externalId", message.link_id AS "linkId"
     FROM unnest($1::text[], $2::bytea[], $3::int[]) AS lane (channel, key, most)
     CROSS JOIN LATERAL (SELECT * FROM message WHERE message.channel = lane.channel AND message.lane_key = lane.key
       AND ${TO_PREPARE} ORDER BY message.seq LIMIT lane.most) AS message
     ORDER BY message.seq`,
    [...columns(lanes, ["channel", "key"]), mostOf(lanes, perLane)],
  );
  return rows;
}

/** Where a turn has come to in a lane: the sequence number of the first message it decided and has not written. */
export interface Reached extends LaneKey {
  readonly token: number;
  readonly seq: number;
}

/**
 * The lanes, by token, in which a message waits before what the turn has come to: it was let in again since the turn was
 * taken, and goes first. The caller holds the lanes, as whoever lets messages in again does.
 */
export async function overtakingTurns(db: Queryable, turns: readonly Reached[]): Promise<Set<number>> {
  if (turns.length === 0) return new Set();
  const { rows } = await db.query<{ token: number }>(
    `SELECT token FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[]) AS turn (channel, key, token, seq)
     CROSS JOIN LATERAL (SELECT FROM message WHERE message.channel = turn.channel AND message.lane_key = turn.key
       AND ${TO_PREPARE} AND message.seq < turn.seq ORDER BY message.seq LIMIT 1) AS earlier`,
    columns(turns, ["channel", "key", "token", "seq"]),
  );
  return new Set(rows.map(({ token }) => token));
}

/** The attachments of the messages that may have some, in order. */
export async function readAttachments(
  db: Queryable,
  messages: readonly { readonly id: string; readonly kind: MessageKind }[],
): Promise<AttachmentState[]> {
  const messageIds = messages.filter(({ kind }) => mayHaveAttachments(kind)).map(({ id }) => id);
  if (messageIds.length === 0) return [];
  const { rows } = await db.query<AttachmentState>(
    `SELECT epoch, id, message_id AS "messageId", ordinal, verdict, sealed FROM attachment
     WHERE message_id = ANY ($1::uuid[]) ORDER BY message_id, ordinal`,
    [messageIds],
  );
  return rows;
}

/** What preparing one message led to. `received` means: try again later. */
export interface PreparedRow {
  readonly lane: ClaimedLane;
  readonly epoch: number;
  readonly id: string;
  readonly seq: number;
  readonly filing: number;
  readonly state: "received" | "held" | "filtered" | "routed";
  readonly reason: string | null;
  readonly lastError: string | null;
  readonly patientBi: Buffer | null;
  readonly routed: Buffer | null;
  readonly retainUntil: Date | null;
  /** Ids of the destinations that get a delivery, in the channel's order. */
  readonly destinations: readonly string[];
  /** ISO date of the day whose document it goes into, and the messages that document holds already. */
  readonly day: string | null;
  readonly earlier: readonly string[];
}

/** To whom lanes of deliveries go that come into being. */
export interface OfferedLanes extends Lease {
  readonly offered: (lane: LaneKey) => boolean;
}

/**
 * Moves prepared messages out of `received`, and queues their deliveries; the guard on the state makes a second settling a
 * no-op.
 */
export async function settlePrepared(
  db: Queryable,
  prepared: readonly PreparedRow[],
  now: Date,
  handOver?: OfferedLanes,
): Promise<Queued> {
  const queued = await perEpoch(prepared, async (epoch, rows) => {
    const move = moveOf(epoch, rows, now);
    const deliveries = rows.flatMap(({ lane: { channel, key }, id, seq, filing, destinations }) =>
      destinations.map((destination) => {
        const offered = handOver?.offered({ channel, stage: destination, key }) ?? false;
        return { id, destination, channel, laneKey: key, seq, filing, offered };
      }),
    );
    if (deliveries.length > 0) return moveAndQueue(db, move, deliveries, handOver);
    await db.query(move.text, move.values);
    return { sending: [], lanes: [] };
  });
  return { sending: queued.flatMap(({ sending }) => sending), lanes: queued.flatMap(({ lanes }) => lanes) };
}

function moveOf(epoch: number, rows: readonly PreparedRow[], now: Date): Move {
  return {
    text: `UPDATE message SET state = done.state, reason = done.reason, last_error = done.last_error, state_at = $9,
         attempts = message.attempts + 1, patient_bi = coalesce(done.patient_bi, message.patient_bi),
         routed = coalesce(done.routed, message.routed), retain_until = done.retain_until,
         address = CASE WHEN done.routed IS NULL THEN message.address ELSE 0 END,
         day = CASE WHEN done.routed IS NULL THEN message.day ELSE done.day END,
         history = CASE WHEN done.state = 'received' THEN message.history
           ELSE message.history || jsonb_build_object('state', done.state, 'at', $9::timestamptz) END
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::timestamptz[],
         $8::date[]) AS done (id, state, reason, last_error, patient_bi, routed, retain_until, day)
       WHERE ${inEpoch("message", "$10")} AND message.id = done.id AND ${STATE} = 'received'
       RETURNING message.id, message.state`,
    values: [
      ...columns(rows, ["id", "state", "reason", "lastError", "patientBi", "routed", "retainUntil", "day"]),
      now,
      epoch,
    ],
  };
}
