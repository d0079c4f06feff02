import { LANE_ORDER } from "../locks.ts";
import type { Queryable } from "../queryable.ts";

/** How far ahead something may lie, in milliseconds by the database's clock. */
export interface Ahead {
  /** Lanes that wait, and deliveries to be read back. */
  readonly waitMs: number;
  /** Copies to be deleted at the provider. */
  readonly deletionMs: number;
  /** Leases; the same on every engine. */
  readonly leaseMs: number;
}

/** How many were brought forward. */
export interface BroughtForward {
  readonly lanes: number;
  readonly confirmations: number;
  readonly deletions: number;
}

/**
 * After the database's clock was set back, what it put off or leased before lies ahead by the jump as well. What waits
 * further ahead than given becomes due now; a lease that ends later than one taken now ends with that: a live engine has
 * its own measure of it, which is over before, and renews it; a dead one's lane is taken over.
 * Rows somebody holds right now are left out: they are about to be written by the clock as it is. Of a backlog that is due
 * only the index is read.
 */
export async function bringForward(db: Queryable, ahead: Ahead): Promise<BroughtForward> {
  const lanes = await db.query(
    `WITH late AS (
       SELECT channel, stage, key FROM lane WHERE parked_at IS NULL
         AND ready_at > now() + make_interval(secs => least($1::float8, $2::float8) / 1000.0)
         AND ready_at > now() + make_interval(secs => CASE WHEN owner IS NULL THEN $1 ELSE $2 END / 1000.0)
       ORDER BY ${LANE_ORDER} FOR UPDATE SKIP LOCKED)
     UPDATE lane SET ready_at = now() + make_interval(secs => CASE WHEN owner IS NULL THEN 0 ELSE $2::float8 END / 1000.0)
     FROM late WHERE lane.channel = late.channel AND lane.stage = late.stage AND lane.key = late.key`,
    [ahead.waitMs, ahead.leaseMs],
  );
  const confirmations = await db.query(
    `WITH late AS (
       SELECT epoch, message_id, destination, purpose, filing FROM delivery
       WHERE state = 'accepted' AND confirm_at > now() + make_interval(secs => $1::float8 / 1000.0) FOR UPDATE SKIP LOCKED)
     UPDATE delivery SET confirm_at = now() FROM late
     WHERE delivery.epoch = late.epoch AND delivery.message_id = late.message_id
       AND delivery.destination = late.destination AND delivery.purpose = late.purpose
       AND delivery.filing = late.filing`,
    [ahead.waitMs],
  );
  const deletions = await db.query(
    `WITH late AS (
       SELECT attachment_id FROM media_deletion WHERE due_at > now() + make_interval(secs => $1::float8 / 1000.0)
       FOR UPDATE SKIP LOCKED)
     UPDATE media_deletion SET due_at = now() FROM late WHERE media_deletion.attachment_id = late.attachment_id`,
    [ahead.deletionMs],
  );
  return {
    lanes: lanes.rowCount ?? 0,
    confirmations: confirmations.rowCount ?? 0,
    deletions: deletions.rowCount ?? 0,
  };
}

/**
 * Ends the statements of this database's sessions that wait for a lock in a transaction that began later than now, and so
 * before the clock was set back: PostgreSQL's own time-outs, deadlock detection among them, would come late by the step.
 * They fail, and are made again, like any the database was too busy for.
 * @param beganMs how much later than now, in milliseconds
 * @returns how many
 */
export async function endLockWaits(db: Queryable, beganMs: number): Promise<number> {
  const { rowCount } = await db.query(
    `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
       AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
       AND xact_start > clock_timestamp() + make_interval(secs => $1::float8 / 1000.0)`,
    [beganMs],
  );
  return rowCount ?? 0;
}

/** The database's clock, in milliseconds since 1970. */
export async function readClock(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ now: number }>(
    "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now",
  );
  return rows[0]?.now ?? Number.NaN;
}
