import type { DeliveryPurpose, DeliveryState, MessageState } from "#src/message/state.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { openLanes } from "./lanes.ts";

/** A message somebody decides about. */
export interface DecidedMessage {
  readonly epoch: number;
  readonly id: string;
  readonly channel: string;
  readonly laneKey: Buffer;
  readonly kind: string;
  readonly state: MessageState;
  readonly reason: string | null;
  /** A destination got it in a document of the whole day. */
  readonly inDay: boolean;
  /** Its patient was deleted since it was routed. */
  readonly orphaned: boolean;
}

export interface DecidedDelivery {
  readonly destination: string;
  readonly purpose: DeliveryPurpose;
  readonly state: DeliveryState;
  /** The destination accepted it, or an attempt is in doubt: it may be in a chart. */
  readonly sent: boolean;
  /** It was accepted and has still to be read back. */
  readonly toConfirm: boolean;
  /** The same, and at least one read showed nothing. */
  readonly notShown: boolean;
}

const MESSAGE = `SELECT epoch, id, channel, lane_key AS "laneKey", kind, state, reason, day IS NOT NULL AS "inDay",
  address > 0 AND patient_bi IS NULL AS orphaned FROM message WHERE id = $1`;

export async function findDecided(db: Queryable, id: string): Promise<DecidedMessage | undefined> {
  const { rows } = await db.query<DecidedMessage>(MESSAGE, [id]);
  return rows[0];
}

export async function lockDecided(db: Transaction, id: string): Promise<DecidedMessage | undefined> {
  const { rows } = await db.query<DecidedMessage>(`${MESSAGE} FOR UPDATE`, [id]);
  return rows[0];
}

/** Every destination that ever had a delivery of the message. */
export async function destinationsOf(db: Queryable, id: string): Promise<string[]> {
  const { rows } = await db.query<{ destination: string }>(
    "SELECT DISTINCT destination FROM delivery WHERE message_id = $1",
    [id],
  );
  return rows.map(({ destination }) => destination);
}

export async function lockDeliveries(
  db: Transaction,
  { epoch, id }: Pick<DecidedMessage, "epoch" | "id">,
): Promise<DecidedDelivery[]> {
  const { rows } = await db.query<DecidedDelivery>(
    `SELECT destination, purpose, state, receipt IS NOT NULL OR in_doubt AS sent,
       state = 'accepted' AND confirm_at IS NOT NULL AS "toConfirm",
       state = 'accepted' AND confirm_at IS NOT NULL AND last_error IS NOT NULL AS "notShown"
     FROM delivery WHERE epoch = $1 AND message_id = $2 ORDER BY destination, purpose FOR UPDATE`,
    [epoch, id],
  );
  return rows;
}

/** Names one delivery of a message. */
export type DeliveryKey = Pick<DecidedDelivery, "destination" | "purpose">;

/** Puts deliveries in their lanes again, as if they had not been tried. */
export async function requeue(
  db: Transaction,
  { epoch, id }: Pick<DecidedMessage, "epoch" | "id">,
  deliveries: readonly DeliveryKey[],
): Promise<void> {
  await db.query(
    `UPDATE delivery SET state = 'queued', last_error = NULL, in_doubt = false, confirm_at = NULL
     FROM unnest($3::text[], $4::text[]) AS again (destination, purpose)
     WHERE epoch = $1 AND message_id = $2 AND delivery.destination = again.destination AND delivery.purpose = again.purpose`,
    [epoch, id, deliveries.map(({ destination }) => destination), deliveries.map(({ purpose }) => purpose)],
  );
}

/** Nothing of these is sent, or read back, any more. */
export async function cancel(
  db: Transaction,
  { epoch, id }: Pick<DecidedMessage, "epoch" | "id">,
  deliveries: readonly DeliveryKey[],
): Promise<void> {
  await db.query(
    `UPDATE delivery SET state = 'cancelled', confirm_at = NULL
     FROM unnest($3::text[], $4::text[]) AS over (destination, purpose)
     WHERE epoch = $1 AND message_id = $2 AND delivery.destination = over.destination AND delivery.purpose = over.purpose`,
    [epoch, id, deliveries.map(({ destination }) => destination), deliveries.map(({ purpose }) => purpose)],
  );
}

/** To the address the document went to, whatever became of its patient since. */
export async function queueWithdrawals(
  db: Transaction,
  { epoch, id }: Pick<DecidedMessage, "epoch" | "id">,
  destinations: readonly string[],
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO delivery (epoch, message_id, destination, purpose, channel, lane_key, seq, state, queued_at, address)
     SELECT epoch, message_id, destination, 'withdraw', channel, lane_key, seq, 'queued', $4, address
     FROM delivery WHERE epoch = $1 AND message_id = $2 AND purpose = 'file' AND destination = ANY ($3::text[])`,
    [epoch, id, destinations, now],
  );
}

/** Moves a locked message back to an earlier state. */
export async function moveMessage(
  db: Transaction,
  { epoch, id }: Pick<DecidedMessage, "epoch" | "id">,
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

/** What comes into the message's lanes at each stage; `unpark` also sets those going that are parked. */
export async function addWork(
  db: Transaction,
  { channel, laneKey: key }: Pick<DecidedMessage, "channel" | "laneKey">,
  work: readonly { readonly stage: string; readonly count: number }[],
  unpark = false,
): Promise<void> {
  if (work.length === 0) return;
  await openLanes(
    db,
    work.map(({ stage, count }) => ({ channel, stage, key, count })),
    unpark,
  );
}

/** The attachments that keep a quarantined message back, and whether there are bytes of each. */
export async function refusedAttachments(
  db: Transaction,
  { epoch, id }: Pick<DecidedMessage, "epoch" | "id">,
): Promise<{ id: string; fetched: boolean }[]> {
  const { rows } = await db.query<{ id: string; fetched: boolean }>(
    `SELECT id, bytes IS NOT NULL AS fetched FROM attachment
     WHERE epoch = $1 AND message_id = $2 AND verdict IN ('quarantined', 'gone') FOR UPDATE`,
    [epoch, id],
  );
  return rows;
}

export async function releaseAttachments(db: Transaction, epoch: number, ids: readonly string[]): Promise<void> {
  await db.query(`UPDATE attachment SET verdict = 'released' WHERE epoch = $1 AND id = ANY ($2::uuid[])`, [epoch, ids]);
}

/** The number of a message that is held because it moved from one patient to another. */
export async function movedNumberOf(db: Queryable, id: string): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ bi: Buffer }>(
    `SELECT contact_bi AS bi FROM message WHERE id = $1 AND state = 'held' AND reason = 'number_moved' AND contact_bi IS NOT NULL`,
    [id],
  );
  return rows[0]?.bi;
}

/** Makes the number the one patient's who carries it now. @returns whether there is exactly one */
export async function acceptOwner(db: Transaction, bi: Buffer): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO number_owner (bi, patient_id)
     SELECT bi, min(patient_id::text)::uuid FROM patient_phone WHERE bi = $1 GROUP BY bi HAVING count(*) = 1
     ON CONFLICT (bi) DO UPDATE SET patient_id = EXCLUDED.patient_id`,
    [bi],
  );
  return rowCount === 1;
}
