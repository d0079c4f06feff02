import { BotenstoffError } from "#src/message/error-code.ts";
import type { Store } from "./data-source.ts";
import { lock } from "./locks.ts";
import type { Queryable, Transaction } from "./queryable.ts";

/** Tables that are partitioned by epoch. */
const PARTITIONED = ["event", "message", "attachment", "delivery", "notice"] as const;

/** Opens epochs and their partitions as time goes by. An epoch's number is its start in seconds since 1970. */
export interface Epochs {
  /**
   * The epoch that takes what arrives at `now` (ms): never one before the newest that was ever opened, but for those that
   * lie ahead of the next. Only a clock that was ahead opens them, and what went there would be kept until they end.
   */
  current(now: number): Promise<number>;
  /** Makes the epoch's partitions where they do not exist yet. @throws BotenstoffError EPOCH_KEY_DESTROYED once purged */
  ensure(epoch: number): Promise<void>;
}

/** @param lengthMs at least 1,000 */
export function createEpochs(store: Store, lengthMs: number): Epochs {
  const length = Math.floor(lengthMs / 1_000);
  const ensured = new Map<number, Promise<void>>();
  let newest: number | undefined;
  const open = async (epoch: number) => {
    await store.transaction((db) => openEpoch(db, epoch, length));
    newest = Math.max(newest ?? epoch, epoch);
  };
  return {
    current: async (now) => {
      const computed = Math.floor(now / 1_000 / length) * length;
      // One more length: the epoch after one that was purged may begin anywhere in it.
      if (newest === undefined || newest >= computed + 2 * length)
        newest = await newestEpoch(store, computed + 2 * length);
      // A clock that jumps back, or a shorter epoch length, must not reach into an epoch that may be purged.
      return Math.max(computed, newest);
    },
    ensure: (epoch) => {
      const known = ensured.get(epoch);
      if (known) return known;
      const opening = open(epoch).catch((error: unknown) => {
        ensured.delete(epoch);
        // The clock went back behind a purge: what arrives next goes into a new epoch right after it.
        if (error instanceof BotenstoffError && error.code === "EPOCH_KEY_DESTROYED") newest = epoch + 1;
        throw error;
      });
      // Only the newest is asked for again; older ones would be remembered for nothing.
      ensured.clear();
      ensured.set(epoch, opening);
      return opening;
    },
  };
}

/**
 * Makes the epoch's partitions. They are created apart and attached, which lets writers of other epochs go on; the
 * CHECK constraint spares PostgreSQL a scan.
 */
async function openEpoch(db: Transaction, epoch: number, length: number): Promise<void> {
  await lock(db, "epoch");
  const { rows } = await db.query<{ state: string }>("SELECT state FROM epoch WHERE id = $1", [epoch]);
  if (rows[0]?.state === "open") return;
  if (rows[0]) throw new BotenstoffError("EPOCH_KEY_DESTROYED", `opening epoch ${epoch}: it was purged`);
  await db.query("INSERT INTO epoch (id, ends_at) VALUES ($1, to_timestamp($2))", [epoch, epoch + length]);
  for (const table of PARTITIONED) {
    const partition = partitionOf(table, epoch);
    await db.query(`CREATE TABLE ${partition} (LIKE "${table}" INCLUDING ALL, CHECK (epoch = ${epoch}))`);
    await db.query(`ALTER TABLE "${table}" ATTACH PARTITION ${partition} FOR VALUES IN (${epoch})`);
  }
}

/** Keeps everybody out of an epoch's partitions until the transaction ends; waits for those who are inside. */
export async function lockPartitions(db: Transaction, epoch: number): Promise<void> {
  const partitions = PARTITIONED.flatMap((table) => [`ONLY "${table}"`, partitionOf(table, epoch)]);
  await db.query(`LOCK TABLE ${partitions.join(", ")} IN ACCESS EXCLUSIVE MODE`);
}

/** Drops everything stored in an epoch; the caller has marked it and holds its row. */
export async function dropPartitions(db: Transaction, epoch: number): Promise<void> {
  for (const table of PARTITIONED) await db.query(`DROP TABLE ${partitionOf(table, epoch)}`);
}

function partitionOf(table: string, epoch: number): string {
  return `"${table}_${Math.trunc(epoch)}"`;
}

async function newestEpoch(db: Queryable, before: number): Promise<number> {
  const { rows } = await db.query<{ newest: number }>(
    "SELECT coalesce(max(id), 0) AS newest FROM epoch WHERE id < $1",
    [before],
  );
  return rows[0]?.newest ?? 0;
}
