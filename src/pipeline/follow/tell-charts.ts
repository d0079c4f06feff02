import { forgetEmptyLanes, lockConversation } from "#src/store/locks.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { place } from "#src/store/sealed/message.ts";
import { addWork, destinationsOf, findDecided, lockDecided, moveMessage } from "#src/store/sql/decide.ts";
import { dropWaits, queueAddenda, takeTold } from "#src/store/sql/late-attachments.ts";
import { openAt } from "#src/store/sealed/place.ts";
import type { PipelineDeps } from "../deps.ts";

const PER_ROUND = 100;
/** A destination that has not settled the message itself is looked at again after this. */
const AGAIN_MS = 5_000;

/** Queues addenda for what came late, or never: one for all that is known of a message by now. @returns how many messages */
export async function tellCharts(deps: PipelineDeps): Promise<number> {
  const told = Map.groupBy(await takeTold(deps.store, PER_ROUND, AGAIN_MS), ({ messageId }) => messageId);
  for (const [id, waits] of told) {
    const attachmentIds = waits.map(({ attachmentId }) => attachmentId);
    await deps.store.transaction((db) => tell(deps, db, id, attachmentIds));
  }
  return told.size;
}

/**
 * The charts of a message that was routed without an attachment are told; one that was not routed has it from the
 * beginning, and one that is withdrawn is in no chart.
 */
async function tell(deps: PipelineDeps, db: Transaction, id: string, attachmentIds: readonly string[]): Promise<void> {
  const found = await findDecided(db, id);
  if (!found) {
    await dropWaits(db, attachmentIds);
    return;
  }
  const channel = deps.channels(found.channel);
  // What its destinations can do is not known now.
  if (!channel) return;
  const conversation = { channel: found.channel, key: found.laneKey };
  await lockConversation(db, conversation, ["prepare", ...(await destinationsOf(db, id))]);
  const message = await lockDecided(db, id);
  const absent = message && absentIn(deps, message);
  const concerns = absent && attachmentIds.some((attachmentId) => attachmentId in absent);
  if (message && concerns && ["routed", "filed", "failed"].includes(message.state) && message.withdrawal === null) {
    const takers = channel.destinations.filter(({ mapping }) => mapping.addenda).map((destination) => destination.id);
    const { queued, open } = await queueAddenda(db, message, attachmentIds, takers);
    if (queued.length > 0 && message.state === "filed")
      await moveMessage(db, message, "routed", new Date(deps.clock()));
    await addWork(
      db,
      message,
      queued.map((stage) => ({ stage, count: 1 })),
    );
    if (!open) await dropWaits(db, attachmentIds);
  } else {
    await dropWaits(db, attachmentIds);
  }
  await forgetEmptyLanes(db, conversation);
}

/** What the message's charts have a placeholder for. */
function absentIn(deps: PipelineDeps, message: { epoch: number; id: string; routed: Buffer | null }) {
  if (!message.routed) return undefined;
  const at = place.message(message.epoch, message.id, "routed");
  return openAt(deps.sealer, at, message.routed).absent;
}
