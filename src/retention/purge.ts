import { randomUUID } from "node:crypto";
import type { Queryable } from "#src/store/queryable.ts";
import {
  dueEpochs,
  entomb,
  entombed,
  isEntombed,
  lockEpoch,
  purgedEpochs,
  unfinishedPurges,
  writePurge,
} from "#src/store/sql/purge.ts";
import { hasSurvivors } from "#src/store/sql/survivors.ts";
import { dropPartitions, lockPartitions } from "#src/store/epochs.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { makeCertificate } from "./certificate.ts";
import type { RetentionDeps } from "./deps.ts";
import { moveSurvivors } from "./survivors.ts";

/** Finishes what a crash cut short, then purges every epoch that is due. @returns the epochs purged */
export async function purgeDue(deps: RetentionDeps): Promise<number[]> {
  const finished = await finishInterrupted(deps);
  const due = await dueEpochs(deps.store, deps.epochLengthMs, new Date(deps.clock()));
  const purged: number[] = [];
  for (const epoch of due) if (await purgeEpoch(deps, epoch)) purged.push(epoch);
  return [...finished, ...purged];
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

async function destroyRows(db: Queryable, epoch: number, purgeId: string, now: Date): Promise<boolean> {
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

/** Takes up purges whose rows are gone but whose key, blobs or certificate are not done. */
async function finishInterrupted(deps: RetentionDeps): Promise<number[]> {
  const interrupted = await unfinishedPurges(deps.store);
  for (const purge of interrupted) await finish(deps, purge);
  return interrupted.map(({ epoch }) => epoch);
}

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

/** Destroys again what a restored backup brought back. @returns the epochs */
export async function replayLedger(deps: RetentionDeps): Promise<number[]> {
  const back = await restoredEpochs(deps);
  for (const { epoch, purgeId } of back) {
    await deps.store.transaction(async (db) => {
      if (!(await lockEpoch(db, epoch))) return;
      await entomb(db, epoch, purgeId, new Date(deps.clock()));
      await dropPartitions(db, epoch);
      await deps.journal(db, "ledger.replayed", purgeId, { epoch });
    });
  }
  await finishInterrupted(deps);
  return back.map(({ epoch }) => epoch);
}

async function restoredEpochs(deps: RetentionDeps) {
  const purged = new Set(await purgedEpochs(deps.store));
  return deps.ledger.read().filter(({ epoch }) => !purged.has(epoch));
}
