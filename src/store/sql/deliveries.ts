import type { MessageKind } from "#src/message/content.ts";
import { WITHDRAWALS, type DeliveryPurpose, type DeliveryState } from "#src/message/state.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";
import { inEpoch, perEpoch } from "./one-epoch.ts";
import { mostOf, type ClaimedLane, type LaneKey } from "./lanes.ts";

/** One delivery taken for sending, with the sealed message and its frozen context. */
export interface TakenDelivery {
  readonly epoch: number;
  readonly messageId: string;
  readonly seq: number;
  readonly destination: string;
  readonly purpose: DeliveryPurpose;
  /** 1, and one more each time the message is filed anew after a withdrawal. */
  readonly filing: number;
  readonly laneKey: Buffer;
  readonly channel: string;
  readonly kind: MessageKind;
  readonly state: DeliveryState;
  /** Including this one. */
  readonly attempts: number;
  readonly receipt: Buffer | null;
  /** Which of the message's addresses it goes to, and which is the latest. */
  readonly address: number;
  readonly latestAddress: number;
  /** An earlier attempt may have arrived: only the identical bytes may follow it. */
  readonly inDoubt: boolean;
  /** When it was decided to take the message out of the chart; null where it is filed. */
  readonly withdrawnAt: Date | null;
  /** Of one that is read back: how suspect it was (`lanes/suspicion.ts`). */
  readonly suspicion: number;
  /** Of one that is read back: how long ago it was accepted, in milliseconds, by the clock that says less. */
  readonly acceptedForMs?: number;
  readonly receivedAt: Date;
  readonly sealed: Buffer;
  readonly externalId: Buffer;
  readonly routed: Buffer;
}

/** Reasons of withdrawals after which the message belongs into no chart. */
const FOR_GOOD = Object.entries(WITHDRAWALS).flatMap(([reason, { forGood }]) => (forGood ? [reason] : []));

const COLUMNS = `delivery.epoch, delivery.message_id AS "messageId", delivery.seq, delivery.destination, delivery.purpose, delivery.filing,
  delivery.lane_key AS "laneKey", delivery.channel, message.kind, delivery.state, delivery.attempts, delivery.receipt,
  delivery.address, message.address AS "latestAddress", delivery.in_doubt AS "inDoubt", delivery.suspicion,
  CASE WHEN delivery.purpose = 'withdraw' THEN delivery.queued_at END AS "withdrawnAt",
  message.received_at AS "receivedAt", message.sealed, message.external_id AS "externalId", message.routed`;

/**
 * Takes the next deliveries of each claimed lane in order and marks them `sending`: from here on they may have been
 * sent, so whoever finds them after a crash sends the identical bytes again. Until then they go where their message
 * goes now, which a merge of patients may have changed; a withdrawal goes where the document went. The messages are locked
 * in the order of epoch and id: a merge under way is waited for, and one that comes later sees what is `sending`. A caller
 * that has lost its lanes meanwhile changes nothing that was settled.
 */
export async function takeDeliveries(
  db: Queryable,
  lanes: readonly (LaneKey & Pick<ClaimedLane, "suspicion">)[],
  perLane: number,
): Promise<TakenDelivery[]> {
  const { rows } = await db.query<TakenDelivery>(
    `WITH next AS MATERIALIZED (
       SELECT delivery.destination, delivery.purpose, delivery.filing AS of_filing, message.* FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int[])
         AS lane (channel, stage, key, most)
       CROSS JOIN LATERAL (SELECT * FROM delivery WHERE delivery.channel = lane.channel
         AND delivery.destination = lane.stage AND delivery.lane_key = lane.key
         AND delivery.state IN ('queued', 'sending', 'retrying') ORDER BY delivery.seq LIMIT lane.most) AS delivery
       JOIN message ON message.epoch = delivery.epoch AND message.id = delivery.message_id
       ORDER BY message.epoch, message.id FOR KEY SHARE OF message)
     UPDATE delivery SET state = 'sending', attempts = delivery.attempts + 1,
       in_doubt = delivery.in_doubt OR delivery.state = 'sending',
       address = CASE WHEN delivery.in_doubt OR delivery.state = 'sending' OR delivery.purpose = 'withdraw'
         THEN delivery.address ELSE message.address END
     FROM next AS message
     WHERE delivery.epoch = message.epoch AND delivery.message_id = message.id
       AND delivery.destination = message.destination AND delivery.purpose = message.purpose
       AND delivery.filing = message.of_filing
       AND lower(delivery.state) IN ('queued', 'sending', 'retrying')
     RETURNING ${COLUMNS}`,
    [...columns(lanes, ["channel", "stage", "key"]), mostOf(lanes, perLane)],
  );
  return rows.toSorted((a, b) => a.seq - b.seq);
}

/**
 * Takes accepted deliveries whose confirmation is due; they come due again by themselves if this engine dies.
 * @param but destinations of which nothing more is taken now
 */
export async function takeToConfirm(
  db: Queryable,
  againInMs: number,
  limit: number,
  but: readonly { readonly channel: string; readonly destination: string }[],
  now: Date,
): Promise<TakenDelivery[]> {
  const { rows } = await db.query<TakenDelivery>(
    `WITH due AS (
       SELECT epoch, message_id, destination, purpose, filing, suspicion AS before FROM delivery
       WHERE state = 'accepted' AND confirm_at <= now()
         AND ((channel, destination) IN (SELECT * FROM unnest($3::text[], $4::text[]))) IS NOT TRUE
       ORDER BY confirm_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ), taken AS (
       UPDATE delivery SET confirm_at = now() + make_interval(secs => $1 / 1000.0), suspicion = greatest(delivery.suspicion, 1)
       FROM due
       WHERE delivery.epoch = due.epoch AND delivery.message_id = due.message_id AND delivery.destination = due.destination
         AND delivery.purpose = due.purpose AND delivery.filing = due.filing
       RETURNING delivery.*, due.before)
     SELECT ${COLUMNS.replace("delivery.suspicion", "delivery.before AS suspicion")},
       coalesce(extract(epoch FROM least(now(), $5) - delivery.accepted_at), 0)::float8 * 1000 AS "acceptedForMs"
     FROM taken AS delivery
     JOIN message ON message.epoch = delivery.epoch AND message.id = delivery.message_id`,
    [againInMs, limit, ...columns(but, ["channel", "destination"]), now],
  );
  return rows;
}

/** What one attempt to deliver or to confirm led to. */
export interface DeliveryOutcome {
  readonly epoch: number;
  readonly messageId: string;
  readonly kind: MessageKind;
  readonly destination: string;
  readonly purpose: DeliveryPurpose;
  readonly filing: number;
  readonly state: "queued" | "retrying" | "accepted" | "confirmed" | "failed";
  readonly lastError: string | null;
  /** The attempt may have arrived. */
  readonly inDoubt: boolean;
  readonly mappingVersion: string | null;
  readonly sentSha256: string | null;
  readonly receipt: Buffer | null;
  readonly confirmation: Buffer | null;
  /** The destination's own words, sealed; null: it said nothing new. */
  readonly said: Buffer | null;
  /** How long until an accepted delivery is read back (again), in milliseconds, by the database's clock. */
  readonly confirmInMs: number | null;
  /** A channel with an ack-only waiver files without confirmation. */
  readonly ackOnly: boolean;
  readonly afterFiledMs: number;
}

/** Writes outcomes; the caller holds the lanes. `queued` gives a delivery back that was not tried. */
export async function writeOutcomes(db: Queryable, outcomes: readonly DeliveryOutcome[], now: Date): Promise<void> {
  await perEpoch(outcomes, (epoch, rows) =>
    db.query(
      `UPDATE delivery SET state = outcome.state, last_error = outcome.last_error,
         attempts = delivery.attempts - CASE WHEN outcome.state = 'queued' THEN 1 ELSE 0 END,
         in_doubt = delivery.in_doubt OR outcome.in_doubt, suspicion = 0,
         mapping_version = coalesce(outcome.mapping_version, delivery.mapping_version),
         sent_sha256 = coalesce(outcome.sent_sha256, delivery.sent_sha256),
         receipt = coalesce(outcome.receipt, delivery.receipt),
         confirmation = coalesce(outcome.confirmation, delivery.confirmation),
         said = coalesce(outcome.said, delivery.said),
         confirm_at = now() + make_interval(secs => outcome.confirm_in_ms / 1000.0),
         accepted_at = CASE WHEN outcome.state IN ('accepted', 'confirmed') THEN coalesce(delivery.accepted_at, $12) END,
         confirmed_at = CASE WHEN outcome.state = 'confirmed' THEN $12 END
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[],
         $9::bytea[], $10::float8[], $11::bool[], $14::int[], $15::bytea[]) AS outcome (message_id, destination, purpose,
         state, last_error, mapping_version, sent_sha256, receipt, confirmation, confirm_in_ms, in_doubt, filing, said)
       WHERE ${inEpoch("delivery", "$13")} AND delivery.message_id = outcome.message_id
         AND delivery.destination = outcome.destination AND delivery.purpose = outcome.purpose
         AND delivery.filing = outcome.filing AND delivery.state IN ('sending', 'accepted')`,
      [
        ...columns(rows, [
          "messageId",
          "destination",
          "purpose",
          "state",
          "lastError",
          "mappingVersion",
          "sentSha256",
          "receipt",
          "confirmation",
          "confirmInMs",
          "inDoubt",
        ]),
        now,
        epoch,
        rows.map(({ filing }) => filing),
        rows.map(({ said }) => said),
      ],
    ),
  );
}

/** Locks the messages the outcomes belong to, in the order of epoch and id, so that the last of several destinations sees the others. */
export async function lockMessages(db: Transaction, outcomes: readonly DeliveryOutcome[]): Promise<void> {
  await perEpoch(outcomes, (epoch, rows) =>
    db.query(
      `SELECT FROM message JOIN (SELECT DISTINCT id FROM unnest($1::uuid[]) AS touched (id)) AS touched USING (id)
       WHERE ${inEpoch("message", "$2")} ORDER BY message.id FOR UPDATE OF message`,
      [...columns(rows, ["messageId"]), epoch],
    ),
  );
}

/** What `concludeMessages` has to know of a delivery. */
export type Concluded = Pick<DeliveryOutcome, "epoch" | "messageId" | "filing" | "ackOnly" | "afterFiledMs">;

/**
 * Files the messages whose deliveries are all accepted, at least one confirmed and none still to be read back (or the
 * channel is ack-only), and fails those with a failed delivery. What was skipped is accepted by nobody and proves nothing:
 * a message that no destination is left to confirm fails, so that no purge takes it. One that is being withdrawn is
 * `withdrawn` once every destination accepted that and those that can be read back confirmed it; its retention runs only
 * where nobody is to file it again. Runs in a statement of its
 * own, after `lockMessages`, to see every commit. The message's state is asked for in a form that no index answers, as in
 * prepare.ts.
 * @param retainFrom when retention begins, unless the database says that it is later
 * @returns the messages that left `routed`
 */
export async function concludeMessages(
  db: Queryable,
  outcomes: readonly Concluded[],
  now: Date,
  retainFrom: Date,
): Promise<{ id: string; state: "filed" | "failed" | "withdrawn" }[]> {
  const moved = await perEpoch(outcomes, (epoch, rows) =>
    db.query<{ id: string; state: "filed" | "failed" | "withdrawn" }>(
      `WITH touched AS (
         SELECT DISTINCT ON (id) * FROM unnest($1::uuid[], $2::bool[], $3::bigint[], $7::int[])
           AS touched (id, ack_only, after_filed_ms, filing)
       ), verdict AS (
         SELECT touched.id, touched.after_filed_ms, CASE
           WHEN bool_or(delivery.state = 'failed') THEN 'failed'
           WHEN NOT bool_and(delivery.state IN ('accepted', 'confirmed', 'cancelled', 'skipped')) THEN NULL
           WHEN bool_or(delivery.purpose = 'withdraw')
             THEN CASE WHEN bool_and(delivery.purpose = 'file' OR delivery.confirm_at IS NULL) THEN 'withdrawn' END
           WHEN touched.ack_only AND bool_or(delivery.state IN ('accepted', 'confirmed')) THEN 'filed'
           WHEN NOT bool_and(delivery.confirm_at IS NULL) THEN NULL
           WHEN bool_or(delivery.state = 'confirmed') THEN 'filed'
           WHEN bool_or(delivery.state = 'skipped') THEN 'failed' END AS state
         FROM touched JOIN delivery ON ${inEpoch("delivery", "$6")} AND delivery.message_id = touched.id
           AND delivery.filing = touched.filing
         GROUP BY touched.id, touched.after_filed_ms, touched.ack_only)
       UPDATE message SET state = verdict.state, state_at = $4,
         reason = CASE WHEN verdict.state = 'withdrawn' THEN message.withdrawal END,
         filed_at = CASE WHEN verdict.state = 'filed' THEN $4::timestamptz END,
         retain_until = CASE WHEN verdict.state = 'filed'
             OR verdict.state = 'withdrawn' AND (message.withdrawal = ANY ($8::text[])) IS NOT FALSE
           THEN greatest($5::timestamptz, now()) + make_interval(secs => verdict.after_filed_ms / 1000.0) END,
         history = message.history || jsonb_build_object('state', verdict.state, 'at', $4::timestamptz)
       FROM verdict WHERE ${inEpoch("message", "$6")} AND message.id = verdict.id AND verdict.state IS NOT NULL
         AND lower(message.state) IN ('routed', 'failed') AND message.state <> verdict.state
       RETURNING message.id, message.state`,
      [
        ...columns(rows, ["messageId", "ackOnly", "afterFiledMs"]),
        ...[now, retainFrom, epoch, rows.map(({ filing }) => filing), FOR_GOOD],
      ],
    ),
  );
  return moved.flatMap(({ rows }) => rows);
}
