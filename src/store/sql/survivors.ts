import type { DeliveryPurpose } from "#src/message/state.ts";
import { LANE_ORDER } from "../locks.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/**
 * A message whose day has one document is part of every later version: it stays until the day is over everywhere on
 * earth (UTC-12), and until no later message of the day has still to be sent, or sent again.
 */
const NEEDED_BY_DAY = `message.day IS NOT NULL AND (
  message.day + interval '36 hours' > $2::timestamptz AT TIME ZONE 'UTC'
  OR EXISTS (SELECT FROM message AS later WHERE later.channel = message.channel AND later.lane_key = message.lane_key
    AND later.day = message.day AND later.seq > message.seq AND later.state IN ('routed', 'failed')))`;

/**
 * Of a message: something is still to become of it. One that was withdrawn is in no chart, and waits for somebody to file
 * it in the right one, unless nobody ever shall: then its retention runs.
 */
export const UNFINISHED = `(state IN ('received', 'held', 'routed', 'failed') OR state = 'withdrawn' AND retain_until IS NULL)`;

/** Its charts have still to be told what became of an attachment that came late, or never. */
const ADDENDUM_DUE = "EXISTS (SELECT FROM attachment_wait AS wait WHERE wait.message_id = message.id)";

/** Of a message, with the time in parameter 2: it may be destroyed. */
export const DESTRUCTIBLE =
  "message.state IN ('filed', 'filtered', 'withdrawn') AND message.retain_until <= $2 " +
  `AND NOT (${NEEDED_BY_DAY}) AND NOT ${ADDENDUM_DUE}`;

/** A message that must outlive its epoch, with everything sealed under the old key. */
export interface Survivor {
  readonly id: string;
  readonly channel: string;
  readonly laneKey: Buffer;
  readonly sealed: Buffer;
  readonly externalId: Buffer;
  readonly routed: Buffer | null;
}

/**
 * Locks up to `limit` messages of the epoch that may not be destroyed. Their lanes are locked first, in key order;
 * conversations a worker holds right now are left for the next round, and so are those with a lane that somebody is
 * writing, or that got another one meanwhile: whoever settles locks one lane and then others, and must not wait for us. A
 * lane whose lease has run out gets a new token: its worker would settle rows that are no longer where it took them from.
 */
export async function lockSurvivors(db: Transaction, epoch: number, now: Date, limit: number): Promise<Survivor[]> {
  const { rows: keys } = await db.query<Conversation>(
    `SELECT DISTINCT channel, lane_key AS "laneKey" FROM (
       SELECT channel, lane_key FROM message WHERE epoch = $1 AND NOT coalesce(${DESTRUCTIBLE}, false) LIMIT $3) AS survivor`,
    [epoch, now, limit],
  );
  const locked = await lanesOf(db, keys, `ORDER BY ${LANE_ORDER} FOR UPDATE OF lane SKIP LOCKED`);
  const known = new Set(locked.map(nameOf));
  const unlocked = async () => (await lanesOf(db, keys)).filter((lane) => !known.has(nameOf(lane)));
  const idle = without(keys, [...locked.filter(({ busy }) => busy), ...(await unlocked())]);
  await db.query(
    `UPDATE lane SET token = nextval('lane_token'), owner = NULL
     FROM unnest($1::text[], $2::bytea[]) AS idle (channel, key)
     WHERE lane.channel = idle.channel AND lane.key = idle.key AND lane.owner IS NOT NULL`,
    columns(idle, ["channel", "laneKey"]),
  );
  const { rows } = await db.query<Survivor>(
    `SELECT message.id, message.channel, message.lane_key AS "laneKey", message.sealed,
       message.external_id AS "externalId", message.routed
     FROM message JOIN unnest($3::text[], $4::bytea[]) AS idle (channel, lane_key) USING (channel, lane_key)
     WHERE message.epoch = $1 AND NOT coalesce(${DESTRUCTIBLE}, false)
     ORDER BY message.id LIMIT $5 FOR UPDATE OF message`,
    [epoch, now, ...columns(idle, ["channel", "laneKey"]), limit],
  );
  // A lane that was not there to be locked came with a message, and a worker may have taken that one from where it is now.
  return without(rows, await unlocked());
}

interface Conversation {
  readonly channel: string;
  readonly laneKey: Buffer;
}

interface LaneOfConversation extends Conversation {
  readonly stage: string;
  /** A worker holds it right now. */
  readonly busy: boolean;
}

async function lanesOf(
  db: Queryable,
  conversations: readonly Conversation[],
  lock = "",
): Promise<LaneOfConversation[]> {
  const { rows } = await db.query<LaneOfConversation>(
    `SELECT lane.channel, lane.stage, lane.key AS "laneKey", lane.owner IS NOT NULL AND lane.ready_at > now() AS busy
     FROM lane JOIN unnest($1::text[], $2::bytea[]) AS wanted (channel, key) USING (channel, key) ${lock}`,
    columns(conversations, ["channel", "laneKey"]),
  );
  return rows;
}

function nameOf({ channel, stage = "", laneKey }: Conversation & { readonly stage?: string }): string {
  return `${channel}\0${stage}\0${laneKey.toString("hex")}`;
}

function without<Row extends Conversation>(rows: readonly Row[], others: readonly Conversation[]): Row[] {
  const names = new Set(others.map(({ channel, laneKey }) => nameOf({ channel, laneKey })));
  return rows.filter(({ channel, laneKey }) => !names.has(nameOf({ channel, laneKey })));
}

/** Whether the epoch still holds anything that may not be destroyed: a message, or a notice still to be kept. */
export async function hasSurvivors(db: Queryable, epoch: number, now: Date): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM message WHERE epoch = $1 AND NOT coalesce(${DESTRUCTIBLE}, false))
       OR EXISTS (SELECT FROM notice WHERE epoch = $1 AND retain_until > $2) AS found`,
    [epoch, now],
  );
  return rows[0]?.found ?? false;
}

/** Moves re-sealed messages to another epoch (PostgreSQL moves the rows between the partitions). */
export async function moveMessages(
  db: Queryable,
  from: number,
  to: number,
  survivors: readonly Survivor[],
): Promise<void> {
  await db.query(
    `UPDATE message SET epoch = $6, sealed = new.sealed, external_id = new.external_id, routed = new.routed
     FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS new (id, sealed, external_id, routed)
     WHERE message.epoch = $5 AND message.id = new.id`,
    [...columns(survivors, ["id", "sealed", "externalId", "routed"]), from, to],
  );
  await db.query(`UPDATE epoch SET survivors = survivors + $2 WHERE id = $1`, [from, survivors.length]);
}

export interface SealedAttachment {
  readonly id: string;
  readonly verdict: string;
  readonly sealed: Buffer;
}

export async function attachmentsOf(
  db: Queryable,
  epoch: number,
  messageIds: readonly string[],
): Promise<SealedAttachment[]> {
  const { rows } = await db.query<SealedAttachment>(
    `SELECT id, verdict, sealed FROM attachment WHERE epoch = $1 AND message_id = ANY ($2::uuid[])`,
    [epoch, messageIds],
  );
  return rows;
}

export async function moveAttachments(
  db: Queryable,
  from: number,
  to: number,
  attachments: readonly SealedAttachment[],
): Promise<void> {
  await db.query(
    `UPDATE attachment SET epoch = $4, sealed = new.sealed FROM unnest($1::uuid[], $2::bytea[]) AS new (id, sealed)
     WHERE attachment.epoch = $3 AND attachment.id = new.id`,
    [...columns(attachments, ["id", "sealed"]), from, to],
  );
}

export interface SealedDelivery {
  readonly messageId: string;
  readonly destination: string;
  readonly purpose: DeliveryPurpose;
  readonly filing: number;
  readonly receipt: Buffer | null;
  readonly confirmation: Buffer | null;
  readonly said: Buffer | null;
}

export async function deliveriesOf(
  db: Transaction,
  epoch: number,
  messageIds: readonly string[],
): Promise<SealedDelivery[]> {
  const { rows } = await db.query<SealedDelivery>(
    `SELECT message_id AS "messageId", destination, purpose, filing, receipt, confirmation, said FROM delivery
     WHERE epoch = $1 AND message_id = ANY ($2::uuid[]) FOR UPDATE`,
    [epoch, messageIds],
  );
  return rows;
}

export async function moveDeliveries(
  db: Queryable,
  from: number,
  to: number,
  deliveries: readonly SealedDelivery[],
): Promise<void> {
  await db.query(
    `UPDATE delivery SET epoch = $6, receipt = new.receipt, confirmation = new.confirmation, said = new.said
     FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $7::text[], $8::int[], $9::bytea[])
       AS new (message_id, destination, receipt, confirmation, purpose, filing, said)
     WHERE delivery.epoch = $5 AND delivery.message_id = new.message_id AND delivery.destination = new.destination
       AND delivery.purpose = new.purpose AND delivery.filing = new.filing`,
    [
      ...columns(deliveries, ["messageId", "destination", "receipt", "confirmation"]),
      from,
      to,
      deliveries.map(({ purpose }) => purpose),
      deliveries.map(({ filing }) => filing),
      deliveries.map(({ said }) => said),
    ],
  );
}

export interface SealedNoticeRow {
  readonly id: string;
  readonly sealed: Buffer;
}

/** Locks up to `limit` notices of the epoch that are still to be kept. */
export async function lockNotices(
  db: Transaction,
  epoch: number,
  now: Date,
  limit: number,
): Promise<SealedNoticeRow[]> {
  const { rows } = await db.query<SealedNoticeRow>(
    `SELECT id, sealed FROM notice WHERE epoch = $1 AND retain_until > $2 ORDER BY id LIMIT $3 FOR UPDATE`,
    [epoch, now, limit],
  );
  return rows;
}

export async function moveNotices(
  db: Queryable,
  from: number,
  to: number,
  notices: readonly SealedNoticeRow[],
): Promise<void> {
  await db.query(
    `UPDATE notice SET epoch = $4, sealed = new.sealed FROM unnest($1::uuid[], $2::bytea[]) AS new (id, sealed)
     WHERE notice.epoch = $3 AND notice.id = new.id`,
    [...columns(notices, ["id", "sealed"]), from, to],
  );
}
