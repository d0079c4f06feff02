import type { About } from "#src/message/about.ts";
import { filedId, messageId, type MessageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import { heldAt, routedEdits } from "#src/store/sql/about.ts";
import { readSealed } from "#src/store/sql/day.ts";
import type { ReceivedRow } from "#src/store/sql/prepare.ts";
import { place, type FrozenAbout, type FrozenContext } from "#src/store/sealed/message.ts";
import { openAt } from "#src/store/sealed/place.ts";
import type { PipelineDeps } from "../deps.ts";

/** Edits of edits of edits. */
const DEEPEST = 16;

/** The message this one is about; undefined for one that stands for itself. */
function targetOf({ channel, content, replyTo }: Message): MessageId | undefined {
  const target = "target" in content ? content.target : replyTo;
  return target === undefined ? undefined : messageId(channel, target);
}

/**
 * Freezes what the mapping must know of the message this one is about. Messages of a conversation are decided in order,
 * so every earlier wording is known; one that was held meanwhile comes after those that overtook it.
 */
export async function freezeAbout(
  deps: PipelineDeps,
  row: ReceivedRow,
  message: Message,
): Promise<FrozenAbout | undefined> {
  const named = targetOf(message);
  if (named === undefined) return undefined;
  const body = ({ epoch, id, sealed }: { epoch: number; id: string; sealed: Buffer }) =>
    openAt(deps.sealer, place.message(epoch, id, "sealed"), sealed);
  let [target, known] = [named, (await readSealed(deps.store, [named]))[0]];
  for (let depth = 0; known && depth < DEEPEST; depth += 1) {
    const { content } = body(known);
    if (content.kind !== "edit") break;
    // A wording is named by itself: what is meant is the message it is a wording of.
    target = messageId(message.channel, content.target);
    [known] = await readSealed(deps.store, [target]);
  }
  const edits = (await routedEdits(deps.store, row)).filter((edit) => {
    const { content } = body(edit);
    if (edit.id === row.id || content.kind !== "edit" || messageId(message.channel, content.target) !== target)
      return false;
    return content.revised.kind === "text" || edit.hasAttachments;
  });
  return {
    target,
    ...(known && { sentAt: body(known).sentAt }),
    wordings: edits.filter(({ seq }) => seq < row.seq).map(({ id }) => id),
    ...(edits.some(({ seq }) => seq > row.seq) && { superseded: edits.map(({ id }) => id) }),
  };
}

/** The same for one destination: what it holds, as the deliveries before this one ended. */
export async function openAbout(
  deps: PipelineDeps,
  frozen: FrozenContext,
  { messageId: id, destination }: { readonly messageId: MessageId; readonly destination: string },
): Promise<About | undefined> {
  if (!frozen.about) return undefined;
  const { target, sentAt, wordings, superseded } = frozen.about;
  const all = superseded ?? wordings;
  const held = await heldAt(deps.store, destination, [target, ...all], id);
  const filings = (one: MessageId) => {
    const filing = held.get(one);
    return filing === undefined ? [] : [filedId(one, filing)];
  };
  const [filedAs] = filings(target);
  return {
    ...(sentAt !== undefined && { sentAt }),
    filed: filedAs !== undefined,
    ...(filedAs !== undefined && filedAs !== target && { filedAs }),
    wordings: all.flatMap(filings),
    ...(superseded && { superseded: true }),
  };
}
