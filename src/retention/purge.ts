import { randomUUID } from "node:crypto";
import type { Transaction } from "#src/store/queryable.ts";
import {
  dueEpochs,
  entomb,
  entombed,
  isEntombed,
  lockEpoch,
  openEpochs,
  unfiledIn,
  unfinishedPurges,
  writePurge,
} from "#src/store/sql/purge.ts";
import { unparkWithoutFailure } from "#src/store/sql/lanes.ts";
import { hasSurvivors } from "#src/store/sql/survivors.ts";
import { dropPartitions, lockPartitions } from "#src/store/epochs.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import { makeCertificate } from "./certificate.ts";
import type { RetentionDeps } from "./deps.ts";
import { moveSurvivors } from "./survivors.ts";

/**
 * Finishes what a crash cut short, then purges every epoch that is due, but for the one that still takes what arrives: it
 * does so past its end after a change to longer epochs. One that fails, for a blob that is damaged, keeps no other.
 * @param left is told which epochs are due and still there
 * @returns the epochs purged
 */
export async function purgeDue(
  deps: RetentionDeps,
  left: (epochs: readonly number[]) => void = () => undefined,
): Promise<number[]> {
  deps.keyring.forgetDestroyed();
  const begun = await unfinishedPurges(deps.store);
  const finished = await eachOf(deps, begun, async (purge) => {
    await finish(deps, purge);
    return true;
  });
  const due = await dueEpochs(deps.store, deps.epochLengthMs, new Date(deps.clock()));
  const current = await deps.epochs.current(deps.clock());
  const ended = due.filter((epoch) => epoch < current).map((epoch) => ({ epoch }));
  const purged = [...finished, ...(await eachOf(deps, ended, ({ epoch }) => purgeEpoch(deps, epoch)))];
  left([...begun, ...ended].map(({ epoch }) => epoch).filter((epoch) => !purged.includes(epoch)));
  return purged;
}

/** @returns the epochs of which it came true */
async function eachOf<Item extends { readonly epoch: number }>(
  { log }: RetentionDeps,
  items: readonly Item[],
  run: (item: Item) => Promise<boolean>,
): Promise<number[]> {
  const done: number[] = [];
  for (const item of items) {
    try {
      if (await run(item)) done.push(item.epoch);
    } catch (error) {
      const forGood = error instanceof BotenstoffError && error.class === "permanent";
      log(forGood ? "error" : "warn", "epoch.not_purged", { epoch: item.epoch, error: kindOfError(error) });
    }
  }
  return done;
}

/**
 * Purges one epoch: survivors move on; then tombstones are written and the partitions dropped in one transaction; then
 * blobs and key are destroyed, the ledger and the certificate written. A crash in between is finished at the next run.
 * @returns false when something in it may not be destroyed yet (a conversation in use), to be tried again
 */
export async function purgeEpoch(deps: RetentionDeps, epoch: number): Promise<boolean> {
  while ((await moveSurvivors(deps, epoch)) > 0);
  const purgeId = randomUUID();
  const destroying = await deps.store
    .transaction((db) => destroyRows(db, epoch, purgeId, new Date(deps.clock())))
    .catch((error: unknown) => {
      if (error instanceof ArrivedMeanwhile) return false;
      throw error;
    });
  if (!destroying) return false;
  for (const interrupted of await unfinishedPurges(deps.store)) {
    if (interrupted.epoch === epoch) await finish(deps, interrupted);
  }
  return true;
}

/** Waits at most this long for the tables: whoever is in the middle of a commit goes first, the purge comes again. */
const LOCK_TIMEOUT = "2s";

async function destroyRows(db: Transaction, epoch: number, purgeId: string, now: Date): Promise<boolean> {
  await db.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
  if (!(await lockEpoch(db, epoch))) return false;
  if (await hasSurvivors(db, epoch, now)) return false;
  await entomb(db, epoch, purgeId, now);
  await lockPartitions(db, epoch);
  if (!(await isEntombed(db, epoch, purgeId, now))) throw new ArrivedMeanwhile();
  await dropPartitions(db, epoch);
  return true;
}

/** Something came into the epoch while its tombstones were written: everything is undone, and the purge comes again. */
class ArrivedMeanwhile extends Error {}

async function finish(
  deps: RetentionDeps,
  purge: { epoch: number; purgeId: string; survivors: number },
): Promise<void> {
  const { epoch, purgeId, survivors } = purge;
  const at = new Date(deps.clock());
  deps.ledger.append({ epoch, purgeId, at: at.toISOString() });
  await deps.blobs.removeEpoch(epoch);
  deps.keyring.destroyEpochKey(epoch);
  const destroyed = await entombed(deps.store, purgeId);
  const ids = destroyed.map(({ id }) => id);
  const { certificate, signature } = makeCertificate(deps.keyring, {
    id: purgeId,
    epoch,
    at: at.toISOString(),
    survivors,
    ids,
  });
  await deps.store.transaction(async (db) => {
    await writePurge(db, { id: purgeId, epoch, at, destroyed: ids.length, survivors, certificate, signature });
    await deps.journal(db, "epoch.purged", purgeId, { epoch, destroyed: ids.length, survivors });
  });
  deps.metrics.count("purged_messages", {}, ids.length);
  deps.log("info", "epoch.purged", { epoch, purge: purgeId, destroyed: ids.length, survivors });
}

/**
 * Compares the deletion ledger with the database. After a restore the database may hold epochs again that were purged:
 * their keys are gone, but their rows must go too before anything starts.
 * @throws BotenstoffError LEDGER_AHEAD naming how many epochs are back
 */
export async function checkLedger(deps: RetentionDeps): Promise<void> {
  const back = await restoredEpochs(deps);
  if (back.length === 0) return;
  throw new BotenstoffError("LEDGER_AHEAD", `starting: ${back.length} purged epochs are back in the database`);
}

/** What a replay of the deletion ledger destroyed again. */
export interface Replayed {
  readonly epochs: readonly number[];
  /** Ids of messages that waited for somebody when the backup was made: nobody can read them any more. */
  readonly unfiled: readonly string[];
}

/** Destroys again what a restored backup brought back. */
export async function replayLedger(deps: RetentionDeps): Promise<Replayed> {
  const back = await restoredEpochs(deps);
  const unfiled: string[] = [];
  for (const { epoch, purgeId } of back) {
    const lost = await deps.store.transaction(async (db) => {
      if (!(await lockEpoch(db, epoch))) return [];
      const ids = await unfiledIn(db, epoch);
      await entomb(db, epoch, purgeId, new Date(deps.clock()));
      await dropPartitions(db, epoch);
      await unparkWithoutFailure(db);
      await deps.journal(db, "ledger.replayed", purgeId, { epoch, unfiled: ids.length });
      return ids;
    });
    unfiled.push(...lost);
  }
  for (const purge of await unfinishedPurges(deps.store)) await finish(deps, purge);
  return { epochs: back.map(({ epoch }) => epoch), unfiled };
}

async function restoredEpochs(deps: RetentionDeps) {
  // One the database does not know was opened after the backup: nothing of it came back.
  const open = new Set(await openEpochs(deps.store));
  return deps.ledger.read().filter(({ epoch }) => open.has(epoch));
}
