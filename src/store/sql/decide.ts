import type { MessageKind } from "#src/message/content.ts";
import type { DeliveryPurpose, DeliveryState, MessageState, Withdrawal } from "#src/message/state.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { openLanes } from "./lanes.ts";

/** A message somebody decides about. */
export interface DecidedMessage {
  readonly epoch: number;
  readonly id: string;
  readonly seq: number;
  readonly channel: string;
  readonly laneKey: Buffer;
  readonly kind: MessageKind;
  readonly state: MessageState;
  readonly reason: string | null;
  /** Which of its filings is the last one. */
  readonly filing: number;
  /** Why it was, or is being, withdrawn. */
  readonly withdrawal: string | null;
  readonly routed: Buffer | null;
  /** ISO date of the day in whose document a destination got it. */
  readonly day: string | null;
  /** Its patient was deleted since it was routed. */
  readonly orphaned: boolean;
}

/** A delivery of the last filing. */
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

const MESSAGE = `SELECT epoch, id, seq, channel, lane_key AS "laneKey", kind, state, reason, filing, withdrawal, routed,
  day::text AS day, address > 0 AND patient_bi IS NULL AS orphaned FROM message WHERE id = $1`;

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

export async function lockDeliveries(db: Transaction, message: DecidedMessage): Promise<DecidedDelivery[]> {
  const { rows } = await db.query<DecidedDelivery>(
    `SELECT destination, purpose, state, receipt IS NOT NULL OR in_doubt AS sent,
       state = 'accepted' AND confirm_at IS NOT NULL AS "toConfirm",
       state = 'accepted' AND confirm_at IS NOT NULL AND last_error IS NOT NULL AS "notShown"
     FROM delivery WHERE epoch = $1 AND message_id = $2 AND filing = $3 ORDER BY destination, purpose FOR UPDATE`,
    [message.epoch, message.id, message.filing],
  );
  return rows;
}

/** What becomes of deliveries a person decides about. */
const CHANGES = {
  /** As if it had not been tried. */
  queued: "state = 'queued', last_error = NULL, in_doubt = false, confirm_at = NULL, accepted_at = NULL",
  /** The identical bytes, under the same ids, to the address they went to. */
  resent: `state = 'queued', last_error = NULL, in_doubt = in_doubt OR receipt IS NOT NULL, confirm_at = NULL,
    confirmation = NULL, accepted_at = NULL, confirmed_at = NULL`,
  /** Nothing of it is sent, or read back, any more. */
  cancelled: "state = 'cancelled', confirm_at = NULL",
  skipped: "state = 'skipped', confirm_at = NULL",
} as const;

export async function changeDeliveries(
  db: Transaction,
  { epoch, id, filing }: DecidedMessage,
  deliveries: readonly Pick<DecidedDelivery, "destination" | "purpose">[],
  change: keyof typeof CHANGES,
): Promise<void> {
  if (deliveries.length === 0) return;
  await db.query(
    `UPDATE delivery SET ${CHANGES[change]} FROM unnest($4::text[], $5::text[]) AS named (destination, purpose)
     WHERE epoch = $1 AND message_id = $2 AND filing = $3
       AND delivery.destination = named.destination AND delivery.purpose = named.purpose`,
    [epoch, id, filing, deliveries.map(({ destination }) => destination), deliveries.map(({ purpose }) => purpose)],
  );
}

/** To the address the document went to, whatever became of its patient since. */
export async function queueWithdrawals(
  db: Transaction,
  { epoch, id, filing }: DecidedMessage,
  destinations: readonly string[],
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO delivery (epoch, message_id, destination, purpose, filing, channel, lane_key, seq, state, queued_at, address)
     SELECT epoch, message_id, destination, 'withdraw', filing, channel, lane_key, seq, 'queued', $5, address
     FROM delivery WHERE epoch = $1 AND message_id = $2 AND filing = $3 AND purpose = 'file' AND destination = ANY ($4::text[])`,
    [epoch, id, filing, destinations, now],
  );
}

/** Moves a locked message back to an earlier state. */
export async function moveMessage(
  db: Transaction,
  { epoch, id }: DecidedMessage,
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

/** What the message is routed to from now on is filed under ids of its own. */
export async function beginFiling(db: Transaction, { epoch, id }: DecidedMessage): Promise<void> {
  await db.query("UPDATE message SET filing = filing + 1 WHERE epoch = $1 AND id = $2", [epoch, id]);
}

/** Keeps why a message is withdrawn; null: nothing is held against its patient any more. */
export async function writeWithdrawal(
  db: Transaction,
  { epoch, id }: DecidedMessage,
  withdrawal: Withdrawal | null,
): Promise<void> {
  await db.query("UPDATE message SET withdrawal = $3 WHERE epoch = $1 AND id = $2", [epoch, id, withdrawal]);
}

/** Of a message that is withdrawn already: until when it is kept; null: until somebody decides. */
export async function keepWithdrawn(
  db: Transaction,
  { epoch, id }: DecidedMessage,
  { reason, from, forMs }: { readonly reason: Withdrawal; readonly from: Date; readonly forMs: number | null },
): Promise<void> {
  await db.query(
    `UPDATE message SET reason = $3,
       retain_until = greatest($4::timestamptz, now()) + make_interval(secs => $5::float8 / 1000.0)
     WHERE epoch = $1 AND id = $2`,
    [epoch, id, reason, from, forMs],
  );
}

/** What comes into the message's lanes at each stage; `unpark` also sets those going that are parked. */
export async function addWork(
  db: Transaction,
  { channel, laneKey: key }: DecidedMessage,
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

/** Ends the pauses of the message's lanes before the next attempt, and those before it is read back. */
export async function hurry(db: Transaction, { channel, laneKey, epoch, id, filing }: DecidedMessage): Promise<void> {
  await db.query(
    "UPDATE lane SET ready_at = now(), failures = 0 WHERE channel = $1 AND key = $2 AND owner IS NULL AND parked_at IS NULL",
    [channel, laneKey],
  );
  await db.query(
    `UPDATE delivery SET confirm_at = now() WHERE epoch = $1 AND message_id = $2 AND filing = $3
       AND state = 'accepted' AND confirm_at IS NOT NULL`,
    [epoch, id, filing],
  );
}

/** The attachments that keep a quarantined message back, and whether there are bytes of each. */
export async function refusedAttachments(
  db: Transaction,
  { epoch, id }: DecidedMessage,
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

/** Messages after this one in the document, or documents, of its day, of which the destination has, or may have, a version. */
export async function laterOfDay(
  db: Queryable,
  { channel, laneKey, day, seq }: DecidedMessage,
  destination: string,
): Promise<{ epoch: number; id: string; routed: Buffer }[]> {
  const { rows } = await db.query<{ epoch: number; id: string; routed: Buffer }>(
    `SELECT epoch, id, routed FROM message WHERE channel = $1 AND lane_key = $2 AND day = $3::date AND seq > $4
       AND state IN ('routed', 'filed', 'failed') AND routed IS NOT NULL
       AND EXISTS (SELECT FROM delivery WHERE delivery.epoch = message.epoch AND delivery.message_id = message.id
         AND delivery.destination = $5 AND delivery.filing = message.filing AND delivery.state NOT IN ('skipped', 'cancelled'))`,
    [channel, laneKey, day, seq, destination],
  );
  return rows;
}
