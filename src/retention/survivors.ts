import { blobId } from "#src/message/id.ts";
import { place } from "#src/store/sealed/message.ts";
import type { Binding } from "#src/seal/binding.ts";
import type { Transaction } from "#src/store/queryable.ts";
import {
  attachmentsOf,
  deliveriesOf,
  lockNotices,
  lockSurvivors,
  moveAttachments,
  moveDeliveries,
  moveMessages,
  moveNotices,
} from "#src/store/sql/survivors.ts";
import type { RetentionDeps } from "./deps.ts";

const BATCH = 200;

/**
 * Moves what may not be destroyed (held, failed, not yet filed, retention still running) out of an epoch by re-sealing
 * it under the current one. Conversations a worker holds right now are left for the next round.
 * @returns how many messages and notices were moved
 */
export async function moveSurvivors(deps: RetentionDeps, from: number): Promise<number> {
  const now = deps.clock();
  const to = await deps.epochs.current(now);
  await deps.epochs.ensure(to);
  const messages = await deps.store.transaction((db) => moveBatch(deps, db, from, to, new Date(now)));
  const notices = await deps.store.transaction((db) => moveKeptNotices(deps, db, from, to, new Date(now)));
  return messages + notices;
}

/** Notices are moved while they are still to be kept; after that they die with their epoch. */
async function moveKeptNotices(
  { sealer }: RetentionDeps,
  db: Transaction,
  from: number,
  to: number,
  now: Date,
): Promise<number> {
  const kept = await lockNotices(db, from, now, BATCH);
  if (kept.length === 0) return 0;
  const resealed = kept.map(({ id, sealed }) => ({
    id,
    sealed: sealer.seal(place.notice(to, id), sealer.open(place.notice(from, id), sealed)),
  }));
  await moveNotices(db, from, to, resealed);
  return kept.length;
}

async function moveBatch(deps: RetentionDeps, db: Transaction, from: number, to: number, now: Date): Promise<number> {
  const survivors = await lockSurvivors(db, from, now, BATCH);
  if (survivors.length === 0) return 0;
  const ids = survivors.map(({ id }) => id);
  const attachments = await attachmentsOf(db, from, ids);
  const deliveries = await deliveriesOf(db, from, ids);
  for (const { id, verdict } of attachments) {
    for (const blob of [id, blobId(id, "original"), blobId(id, "preview"), blobId(id, "rendition")]) {
      // What is to be filed must be there: a missing blob stops the purge instead of vanishing with it.
      const filed = blob === id && (verdict === "clean" || verdict === "released");
      if (filed || deps.blobs.exists(from, blob)) await deps.blobs.reseal(blob, from, to);
    }
  }
  const reseal = (at: (epoch: number) => Binding, sealed: Buffer) =>
    deps.sealer.seal(at(to), deps.sealer.open(at(from), sealed));
  const resealIf = (at: (epoch: number) => Binding, sealed: Buffer | null) => sealed && reseal(at, sealed);
  await moveMessages(
    db,
    from,
    to,
    survivors.map((row) => ({
      ...row,
      sealed: reseal((epoch) => place.message(epoch, row.id, "sealed"), row.sealed),
      externalId: reseal((epoch) => place.externalId(epoch, row.id), row.externalId),
      routed: resealIf((epoch) => place.message(epoch, row.id, "routed"), row.routed),
    })),
  );
  await moveAttachments(
    db,
    from,
    to,
    attachments.map((row) => ({ ...row, sealed: reseal((epoch) => place.attachment(epoch, row.id), row.sealed) })),
  );
  await moveDeliveries(
    db,
    from,
    to,
    deliveries.map((row) => ({
      ...row,
      receipt: resealIf((epoch) => place.delivery(epoch, row, "receipt"), row.receipt),
      confirmation: resealIf((epoch) => place.delivery(epoch, row, "confirmation"), row.confirmation),
      said: resealIf((epoch) => place.delivery(epoch, row, "said"), row.said),
    })),
  );
  return survivors.length;
}
