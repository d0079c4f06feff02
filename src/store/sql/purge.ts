import type { DeliveryPurpose } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/**
 * A message whose day has one document is part of every later version: it stays until the day is over everywhere on
 * earth (UTC-12), and until no later message of the day has still to be sent, or sent again.
 */
const NEEDED_BY_DAY = `message.day IS NOT NULL AND (
  message.day + interval '36 hours' > $2::timestamptz AT TIME ZONE 'UTC'
  OR EXISTS (SELECT FROM message AS later WHERE later.channel = message.channel AND later.lane_key = message.lane_key
    AND later.day = message.day AND later.seq > message.seq AND later.state IN ('routed', 'failed')))`;

const DESTRUCTIBLE = `message.state IN ('filed', 'filtered') AND message.retain_until <= $2 AND NOT (${NEEDED_BY_DAY})`;

/**
 * Ended epochs that may be purged now: every notice, filed or filtered message in them is past its retention, or one
 * has been for a whole epoch length. What is not destructible survives by moving to the current epoch.
 */
export async function dueEpochs(db: Queryable, epochLengthMs: number, now: Date): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    `SELECT epoch.id FROM epoch WHERE epoch.state = 'open' AND epoch.ends_at <= $2 AND (
       EXISTS (SELECT FROM message WHERE message.epoch = epoch.id AND ${DESTRUCTIBLE}
         AND message.retain_until <= $2::timestamptz - make_interval(secs => $1 / 1000.0))
       OR EXISTS (SELECT FROM notice WHERE notice.epoch = epoch.id
         AND notice.retain_until <= $2::timestamptz - make_interval(secs => $1 / 1000.0))
       OR (NOT EXISTS (SELECT FROM message WHERE message.epoch = epoch.id AND message.state IN ('filed', 'filtered')
             AND message.retain_until > $2)
         AND NOT EXISTS (SELECT FROM notice WHERE notice.epoch = epoch.id AND notice.retain_until > $2)
         AND (EXISTS (SELECT FROM message WHERE message.epoch = epoch.id AND ${DESTRUCTIBLE})
           OR EXISTS (SELECT FROM notice WHERE notice.epoch = epoch.id)
           OR NOT EXISTS (SELECT FROM message WHERE message.epoch = epoch.id))))
     ORDER BY epoch.id`,
    [epochLengthMs, now],
  );
  return rows.map((row) => row.id);
}

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
 * conversations a worker holds right now are left for the next round. A lane whose lease has run out gets a new token:
 * its worker would settle rows that are no longer where it took them from.
 */
export async function lockSurvivors(db: Queryable, epoch: number, now: Date, limit: number): Promise<Survivor[]> {
  const { rows: keys } = await db.query<{ channel: string; laneKey: Buffer }>(
    `SELECT DISTINCT channel, lane_key AS "laneKey" FROM (
       SELECT channel, lane_key FROM message WHERE epoch = $1 AND NOT coalesce(${DESTRUCTIBLE}, false) LIMIT $3) AS survivor`,
    [epoch, now, limit],
  );
  const { rows: lanes } = await db.query<{ channel: string; key: Buffer; busy: boolean }>(
    `SELECT lane.channel, lane.key, (lane.owner IS NOT NULL AND lane.ready_at > now()) AS busy FROM lane
     JOIN unnest($1::text[], $2::bytea[]) AS wanted (channel, key) USING (channel, key)
     ORDER BY lane.channel, lane.stage, lane.key FOR UPDATE OF lane`,
    columns(keys, ["channel", "laneKey"]),
  );
  const name = (channel: string, key: Buffer) => `${channel}\0${key.toString("hex")}`;
  const busy = new Set(lanes.filter((lane) => lane.busy).map((lane) => name(lane.channel, lane.key)));
  const idle = keys.filter((key) => !busy.has(name(key.channel, key.laneKey)));
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
  return rows;
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
  readonly receipt: Buffer | null;
  readonly confirmation: Buffer | null;
}

export async function deliveriesOf(
  db: Queryable,
  epoch: number,
  messageIds: readonly string[],
): Promise<SealedDelivery[]> {
  const { rows } = await db.query<SealedDelivery>(
    `SELECT message_id AS "messageId", destination, purpose, receipt, confirmation FROM delivery
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
    `UPDATE delivery SET epoch = $6, receipt = new.receipt, confirmation = new.confirmation
     FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $7::text[])
       AS new (message_id, destination, receipt, confirmation, purpose)
     WHERE delivery.epoch = $5 AND delivery.message_id = new.message_id AND delivery.destination = new.destination
       AND delivery.purpose = new.purpose`,
    [
      ...columns(deliveries, ["messageId", "destination", "receipt", "confirmation"]),
      from,
      to,
      deliveries.map(({ purpose }) => purpose),
    ],
  );
}

export interface SealedNoticeRow {
  readonly id: string;
  readonly sealed: Buffer;
}

/** Locks up to `limit` notices of the epoch that are still to be kept. */
export async function lockNotices(db: Queryable, epoch: number, now: Date, limit: number): Promise<SealedNoticeRow[]> {
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

/**
 * Whether every message of the epoch has its tombstone of this purge and may still be destroyed. Asked under the lock
 * that keeps everybody out: an intake or a reprocessing that began before may have committed in between.
 */
export async function isEntombed(db: Queryable, epoch: number, purgeId: string, now: Date): Promise<boolean> {
  if (await hasSurvivors(db, epoch, now)) return false;
  const { rows } = await db.query<{ left: boolean }>(
    `SELECT EXISTS (SELECT FROM message WHERE epoch = $1
       AND NOT EXISTS (SELECT FROM tombstone WHERE message_id = message.id AND purge_id = $2)) AS left`,
    [epoch, purgeId],
  );
  return rows[0]?.left === false;
}

/** Writes the tombstones of everything left in the epoch and marks it as being destroyed. @returns how many */
export async function entomb(db: Queryable, epoch: number, purgeId: string, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `INSERT INTO tombstone (message_id, seq, channel, kind, external_bi, received_at, filed_at, purged_at, purge_id,
       history, deliveries)
     SELECT id, seq, channel, kind, external_bi, received_at, filed_at, $3, $2,
       history || jsonb_build_object('state', 'purged', 'at', $3::timestamptz),
       coalesce((SELECT jsonb_agg(jsonb_build_object('destination', destination, 'purpose', purpose, 'state', delivery.state,
           'attempts', delivery.attempts, 'mapping_version', mapping_version, 'sent_sha256', sent_sha256,
           'accepted_at', accepted_at, 'confirmed_at', confirmed_at) ORDER BY destination, purpose)
         FROM delivery WHERE delivery.epoch = message.epoch AND delivery.message_id = message.id), '[]')
     FROM message WHERE epoch = $1`,
    [epoch, purgeId, now],
  );
  await db.query(`UPDATE epoch SET state = 'destroying', purge_id = $2 WHERE id = $1`, [epoch, purgeId]);
  return rowCount ?? 0;
}

/** Epochs whose rows are gone but whose key, blobs or certificate are not done yet: a purge cut short by a crash. */
export async function unfinishedPurges(
  db: Queryable,
): Promise<{ epoch: number; purgeId: string; survivors: number }[]> {
  const { rows } = await db.query<{ epoch: number; purgeId: string; survivors: number }>(
    `SELECT id AS epoch, purge_id AS "purgeId", survivors FROM epoch WHERE state = 'destroying' ORDER BY id`,
  );
  return rows;
}

/** The ids a purge destroyed with their time of filing, in id order: what its certificate commits to. */
export async function entombed(db: Queryable, purgeId: string): Promise<{ id: string; filedAt: Date | null }[]> {
  const { rows } = await db.query<{ id: string; filedAt: Date | null }>(
    `SELECT message_id AS id, filed_at AS "filedAt" FROM tombstone WHERE purge_id = $1 ORDER BY message_id`,
    [purgeId],
  );
  return rows;
}

export interface PurgeRow {
  readonly id: string;
  readonly epoch: number;
  readonly at: Date;
  readonly destroyed: number;
  readonly survivors: number;
  readonly certificate: unknown;
  readonly signature: Buffer;
}

/** Files the certificate and closes the epoch for ever. */
export async function writePurge(db: Queryable, purge: PurgeRow): Promise<void> {
  await db.query(
    `INSERT INTO purge (id, epoch, at, destroyed, survivors, certificate, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO NOTHING`,
    [
      purge.id,
      purge.epoch,
      purge.at,
      purge.destroyed,
      purge.survivors,
      JSON.stringify(purge.certificate),
      purge.signature,
    ],
  );
  await db.query(`UPDATE epoch SET state = 'purged' WHERE id = $1`, [purge.epoch]);
}

/** The newest purges first. */
export async function listPurges(db: Queryable, limit: number): Promise<PurgeRow[]> {
  const { rows } = await db.query<PurgeRow>(
    `SELECT id, epoch, at, destroyed, survivors, certificate, signature FROM purge ORDER BY at DESC, epoch DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Every epoch that was purged, for comparison with the deletion ledger. */
export async function purgedEpochs(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(`SELECT id FROM epoch WHERE state <> 'open' ORDER BY id`);
  return rows.map((row) => row.id);
}

/** Takes an open epoch for purging; false when another engine has it or it is not open any more. */
export async function lockEpoch(db: Queryable, epoch: number): Promise<boolean> {
  const { rowCount } = await db.query(`SELECT FROM epoch WHERE id = $1 AND state = 'open' FOR UPDATE SKIP LOCKED`, [
    epoch,
  ]);
  return rowCount === 1;
}
