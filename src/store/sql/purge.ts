import type { Queryable, Transaction } from "../queryable.ts";
import { DESTRUCTIBLE, hasSurvivors, UNFINISHED } from "./survivors.ts";

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
       OR (NOT EXISTS (SELECT FROM message WHERE message.epoch = epoch.id AND message.state IN ('filed', 'filtered', 'withdrawn')
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

/**
 * Whether every message of the epoch has its tombstone of this purge and may still be destroyed. Asked under the lock
 * that keeps everybody out: an intake or a reprocessing that began before may have committed in between.
 */
export async function isEntombed(db: Transaction, epoch: number, purgeId: string, now: Date): Promise<boolean> {
  if (await hasSurvivors(db, epoch, now)) return false;
  const { rows } = await db.query<{ left: boolean }>(
    `SELECT EXISTS (SELECT FROM message WHERE epoch = $1
       AND NOT EXISTS (SELECT FROM tombstone WHERE message_id = message.id AND purge_id = $2)) AS left`,
    [epoch, purgeId],
  );
  return rows[0]?.left === false;
}

/** Writes the tombstones of everything left in the epoch and marks it as being destroyed. @returns how many */
export async function entomb(db: Transaction, epoch: number, purgeId: string, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `INSERT INTO tombstone (message_id, seq, channel, kind, external_bi, received_at, filed_at, purged_at, purge_id,
       history, deliveries)
     SELECT id, seq, channel, kind, external_bi, received_at, filed_at, $3, $2,
       history || jsonb_build_object('state', 'purged', 'at', $3::timestamptz),
       coalesce((SELECT jsonb_agg(jsonb_build_object('destination', destination, 'purpose', purpose, 'filing', delivery.filing, 'state', delivery.state,
           'attempts', delivery.attempts, 'mapping_version', mapping_version,
           'accepted_at', accepted_at, 'confirmed_at', confirmed_at) ORDER BY delivery.filing, destination, purpose)
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

/** Every epoch the database holds, for comparison with the deletion ledger. */
export async function openEpochs(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(`SELECT id FROM epoch WHERE state = 'open' ORDER BY id`);
  return rows.map((row) => row.id);
}

/** The messages of the epoch that something was still to become of. */
export async function unfiledIn(db: Queryable, epoch: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM message WHERE epoch = $1 AND ${UNFINISHED} ORDER BY id`,
    [epoch],
  );
  return rows.map((row) => row.id);
}

/** Takes an open epoch for purging; false when another engine has it or it is not open any more. */
export async function lockEpoch(db: Transaction, epoch: number): Promise<boolean> {
  const { rowCount } = await db.query(`SELECT FROM epoch WHERE id = $1 AND state = 'open' FOR UPDATE SKIP LOCKED`, [
    epoch,
  ]);
  return rowCount === 1;
}
