import type { Transaction } from "./queryable.ts";

/*
 * Every lock of this database, and the order in which they are taken: nobody waits for somebody who waits for them.
 *
 *   1. advisory locks, in the order of the list below
 *   2. an epoch's row
 *   3. lanes, in LANE_ORDER
 *   4. messages, by epoch and id
 *   5. deliveries, attachments, and whatever else belongs to a message
 *   6. the journal's advisory lock: nothing is locked after it
 *
 * Whoever takes rows with SKIP LOCKED waits for nobody, and may take them in any order. What is locked is locked for what
 * is written under it, so whatever locks takes a `Transaction`.
 */

/** Advisory locks, in the order they are taken; the first two belong to a session, the others to a transaction. */
export const LOCKS = {
  /** One engine on a data directory's own server. */
  engine: 7_041_776,
  migration: 7_041_777,
  /** Whoever opens an epoch; in a transaction of its own. */
  epoch: 7_041_778,
  contacts: 7_041_781,
  /** Whoever writes a message that stands in for another, or that other one: whichever comes second sees the first. */
  standIns: 7_041_782,
  /** Exclusively by whoever changes the directory, shared by whoever commits a decision based on it. */
  directory: 7_041_779,
  journal: 7_041_780,
} as const;

/** What is prepared goes on into lanes of destinations, whose rows are locked after its own. */
export const LANE_ORDER = "lane.stage <> 'prepare', lane.channel, lane.stage, lane.key";

/** Holds an advisory lock to the end of the transaction. */
export async function lock(db: Transaction, name: Exclude<keyof typeof LOCKS, "engine" | "migration">): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock($1)", [LOCKS[name]]);
}

/** Waits for changes of the directory under way, and keeps new ones out until this transaction has committed. */
export async function shareDirectory(db: Transaction): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock_shared($1)", [LOCKS.directory]);
}

/**
 * Locks every lane of a conversation, and these, which come into being where there are none: opened later, they would be
 * locked out of turn (`forgetEmptyLanes`).
 */
export async function lockConversation(
  db: Transaction,
  { channel, key }: { readonly channel: string; readonly key: Buffer },
  stages: readonly string[],
): Promise<void> {
  await db.query(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
     SELECT lane.channel, lane.stage, lane.key, 0, now(), now(), 0
     FROM (SELECT $1::text AS channel, stage, $2::bytea AS key FROM unnest($3::text[]) AS wanted (stage)
       UNION SELECT channel, stage, key FROM lane WHERE channel = $1 AND key = $2) AS lane
     ORDER BY ${LANE_ORDER} ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open`,
    [channel, key, stages],
  );
}

/** Forgets the lanes of a locked conversation in which there is no work. */
export async function forgetEmptyLanes(
  db: Transaction,
  { channel, key }: { readonly channel: string; readonly key: Buffer },
): Promise<void> {
  await db.query(
    "DELETE FROM lane WHERE channel = $1 AND key = $2 AND open <= 0 AND parked_at IS NULL AND owner IS NULL",
    [channel, key],
  );
}
