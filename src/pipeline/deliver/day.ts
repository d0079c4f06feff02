import { isDeepStrictEqual } from "node:util";
import type { Day, DayPosition } from "#src/message/day.ts";
import type { Subject } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { blobId, type MessageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import { messagesOfDay, readSealed, type MessageOfDay } from "#src/store/sql/day.ts";
import type { TakenDelivery } from "#src/store/sql/deliveries.ts";
import { readAttachments, type ReceivedRow } from "#src/store/sql/prepare.ts";
import type { PipelineDeps } from "../deps.ts";
import type { RunningChannel } from "../running-channel.ts";
import {
  openMessage,
  place,
  without,
  type Absences,
  type FrozenContext,
  type FrozenDay,
} from "#src/store/sealed/message.ts";
import { openAt } from "#src/store/sealed/place.ts";

/** A document that would hold more begins anew: every version carries all of it again. */
const MOST_MESSAGES = 200;
const MOST_BYTES = 32 * 1024 * 1024;

/** The day whose document the message goes into, as an ISO date; undefined where every message is one of its own. */
export function dayOf(channel: RunningChannel, sentAt: string): string | undefined {
  for (const { mapping, params } of channel.destinations) {
    const day = mapping.day?.(sentAt, params);
    if (day !== undefined) return day;
  }
  return undefined;
}

interface ToPlace {
  readonly row: ReceivedRow;
  readonly message: Message;
  readonly patientBi: Buffer;
  /** What is frozen beside it. */
  readonly context: FrozenContext;
}

/**
 * Finds the message's place in the document of its day. It continues the document of the message before it only where
 * that one is the same patient's, in the same case, by the same writer, under the same parameters, and all of it is still here; otherwise it
 * begins a document of its own, so nothing the KIS holds is ever replaced by less. A message decided late, after one that
 * follows it in the conversation, stands alone.
 */
export async function freezeDay(
  deps: PipelineDeps,
  channel: RunningChannel,
  { row, message, patientBi, context }: ToPlace,
): Promise<FrozenDay | undefined> {
  const date = dayOf(channel, message.sentAt);
  if (date === undefined) return undefined;
  const all = await messagesOfDay(deps.store, row, date);
  const own = all.filter((one) => one.patientBi?.equals(patientBi));
  const before = all.filter(({ seq }) => seq < row.seq);
  const previous = before.length === all.length ? before.at(-1) : undefined;
  const last = previous && openAt(deps.sealer, routedPlace(previous), previous.routed);
  if (!previous || !last?.day || !isSameFile(last, context)) return begun(date, row.id, own.length);
  const ids = [...last.day.earlier, previous.id];
  const parts = own.filter(({ id, address }) => address === 0 && ids.includes(id));
  const bytes = [...parts.map((part) => part.bytes), ...message.attachments.map(({ stored }) => stored?.bytes ?? 0)];
  const fits = ids.length < MOST_MESSAGES && bytes.reduce((sum, one) => sum + one, 0) <= MOST_BYTES;
  if (parts.length < ids.length || !fits) return begun(date, row.id, own.length);
  const { document, version } = last.day;
  const absent = Object.assign({}, ...parts.map((part) => part.absent ?? {})) as Absences;
  const position = { date, document, version: version + 1, elsewhere: own.length - ids.length, earlier: ids };
  return { ...position, ...(Object.keys(absent).length > 0 && { absent }) };
}

function begun(date: string, document: MessageId, elsewhere: number): FrozenDay {
  return { date, document, version: 1, elsewhere, earlier: [] };
}

function isSameFile(one: FrozenContext, other: FrozenContext): boolean {
  const sameWriter = one.subject?.writer === other.subject?.writer;
  return (
    sameWriter &&
    isDeepStrictEqual(plain(one.params), plain(other.params)) &&
    caseOf(one.subject) === caseOf(other.subject)
  );
}

/** As it comes back from its seal. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function caseOf(subject: Subject | undefined): string {
  const number = subject?.encounter?.number;
  return JSON.stringify([number?.value, number?.authority, number?.type]);
}

function routedPlace({ epoch, id }: MessageOfDay) {
  return place.message(epoch, id, "routed");
}

/** A day ready to be drawn, and in which epoch the bytes of each earlier attachment lie. */
export interface OpenedDay {
  readonly day: Day;
  readonly epochs: ReadonlyMap<string, number>;
}

/**
 * Reads the earlier messages of a delivery's day. A message that follows a merge or a case to another patient goes there
 * alone: what was said before it may not be that patient's.
 * @throws BotenstoffError MAPPING_FAILED when an earlier message is not here any more
 */
export async function openDay(
  deps: PipelineDeps,
  frozen: FrozenContext,
  { address, messageId, purpose }: Pick<TakenDelivery, "address" | "messageId" | "purpose">,
): Promise<OpenedDay | undefined> {
  if (!frozen.day) return undefined;
  const { earlier: ids, date, absent, ...position } = frozen.day;
  // What came late goes beside the day's document: that one is what it was.
  if (purpose === "addendum") return opened(position, []);
  if (address > 0) return opened(begun(date, messageId, ids.length + position.elsewhere), []);
  if (ids.length === 0) return opened(position, []);
  const rows = new Map((await readSealed(deps.store, ids)).map((row) => [row.id, row]));
  const attachments = await readAttachments(deps.store, [...rows.values()]);
  const byMessage = Map.groupBy(attachments, (attachment) => attachment.messageId);
  const earlier = ids.map((id) => {
    const row = rows.get(id);
    if (!row) throw new BotenstoffError("MAPPING_FAILED", "drawing a day: an earlier message is not here any more");
    return without(openMessage(deps.sealer, row, byMessage.get(id) ?? []).message, absent);
  });
  return {
    ...opened(position, earlier),
    epochs: new Map(
      attachments.flatMap(({ id, epoch }) => [[id, epoch] as const, [blobId(id, "rendition"), epoch] as const]),
    ),
  };
}

function opened({ document, version, elsewhere }: DayPosition, earlier: readonly Message[]): OpenedDay {
  return { day: { document, version, elsewhere, earlier }, epochs: new Map() };
}
