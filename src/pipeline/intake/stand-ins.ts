import { messageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import { seenAmong } from "#src/store/sql/contacts.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { filterStandIns, type StandIn } from "#src/store/sql/stand-ins.ts";
import type { PipelineDeps } from "../deps.ts";
import type { ArrivedMessage } from "./arrival.ts";

/** Whether a message stands in for another, or is what another one stood in for. */
export function concernsStandIn({ draft }: ArrivedMessage): boolean {
  return draft.circumstances?.standIn === true || draft.supersedes !== undefined;
}

/**
 * Ends the waiting of held messages that only stood in for another one which is here now, whichever of the two came
 * first. The caller holds the lock `standIns`.
 */
export async function settleStandIns(
  deps: PipelineDeps,
  db: Transaction,
  messages: readonly ArrivedMessage[],
): Promise<void> {
  const pairs = messages.filter(concernsStandIn).map((row) => pairOf(deps, row));
  if (pairs.length > 0) await filterStandIns(db, pairs, new Date(deps.clock()));
}

function pairOf(deps: PipelineDeps, { channel, draft, id, seenHash }: ArrivedMessage): StandIn {
  const keptForMs = deps.channels(channel)?.retention.afterFiledMs ?? 0;
  const retainUntil = new Date(deps.retainFrom() + keptForMs);
  return draft.supersedes === undefined
    ? { id, original: deps.blindIndex.seen(channel, draft.externalId, ""), retainUntil }
    : { id: messageId(channel, draft.externalId, draft.supersedes), original: seenHash, retainUntil };
}

/** Whether what a message stands in for is here. */
export async function hasCome(
  { blindIndex, store }: Pick<PipelineDeps, "blindIndex" | "store">,
  { channel, externalId }: Message,
): Promise<boolean> {
  return (await seenAmong(store, [blindIndex.seen(channel, externalId, "")])).size > 0;
}
