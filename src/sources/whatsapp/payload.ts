import { createHash } from "node:crypto";
import type { HoldReason, MessageDraft } from "#src/message/message.ts";
import type { NoticeDraft } from "#src/message/notice.ts";
import type { Cut, InboundEvent } from "#src/sources/source.ts";
import { addressOf } from "./address.ts";
import { parseBody } from "./body.ts";
import { contactNews } from "./contact-news.ts";
import { contactBook, contactOf, sender } from "./contact.ts";
import { contextOf } from "./context.ts";
import { fingerprint } from "./fingerprint.ts";
import { messageReading } from "./kind.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { errorReading, isOperatorField, operatorReading, statusReading } from "./notice.ts";
import type { NoticeReading } from "./notice.ts";
import { sentAt } from "./sent-at.ts";
import { separate, separateNotices } from "./separate.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** What surrounds an element: needed to name it, order it and keep it readable on its own. */
interface Place {
  readonly receivedAt: string;
  readonly entry: { readonly id?: unknown; readonly time?: unknown };
  readonly field: string;
  readonly metadata: unknown;
  /** The number the element names, or the channel's own. */
  readonly number: string;
  /** Set where the number is not the channel's own. */
  readonly addressee?: string;
}

type Draft = MessageDraft | NoticeDraft;

/** Members of a `messages` change that are read, or that say nothing on their own. */
const KNOWN_MEMBERS = new Set(["messaging_product", "metadata", "contacts", "messages", "statuses", "errors"]);

/**
 * Cuts a webhook body into one draft per element of every entry (Meta batches up to 1,000 into 3 MB): what people said
 * into messages; statuses, errors and changes that concern the account into notices. Total: what cannot be read becomes
 * a held message, and nothing is left out.
 */
export function cut(event: InboundEvent, channelNumber: string): Cut {
  const body = parseBody(event.raw);
  const entries = list(body?.["entry"]);
  if (!body || !entries || entries.length === 0) return { messages: [unreadable(event, channelNumber)], notices: [] };
  const drafts = entries.flatMap((entry) => cutEntry(entry, event, channelNumber));
  return {
    messages: separate(drafts.filter((draft) => "content" in draft)),
    notices: separateNotices(drafts.filter((draft) => "kind" in draft)),
  };
}

function cutEntry(entry: unknown, event: InboundEvent, channelNumber: string): Draft[] {
  const envelope = members(entry);
  const changes = list(envelope?.["changes"]);
  const place = {
    receivedAt: event.receivedAt,
    entry: { id: envelope?.["id"], time: envelope?.["time"] },
    field: "entry",
    metadata: undefined,
    number: channelNumber,
  };
  if (!changes || changes.length === 0) return [draft(place, entry, unknown("entry", "malformed"))];
  return changes.flatMap((change) => cutChange(change, place));
}

function cutChange(change: unknown, around: Place): Draft[] {
  const value = members(members(change)?.["value"]);
  const field = word(members(change)?.["field"]);
  if (!value || field === undefined)
    return [draft({ ...around, field: "change" }, change, unknown("change", "malformed"))];
  const number = word(members(value["metadata"])?.["phone_number_id"]);
  const foreign = number !== undefined && number !== around.number;
  const place = {
    ...around,
    field,
    metadata: value["metadata"],
    number: number ?? around.number,
    ...(foreign && { addressee: addressOf(number) }),
  };
  if (isOperatorField(field)) return [operator(place, value, operatorReading(field, value))];
  if (field !== "messages") return [draft(place, value, unknown(`field:${field}`))];

  const book = contactBook(value["contacts"]);
  const hold = number === undefined ? "malformed" : foreign ? "foreign_number" : undefined;
  const drafts = [
    ...each(value["messages"]).map((element) => message(place, element, contactOf(members(element) ?? {}, book), hold)),
    ...each(value["statuses"]).map((element) => status(place, element)),
    ...each(value["errors"]).map((element) => operator(place, element, errorReading(element))),
    ...Object.keys(value)
      .filter((name) => !KNOWN_MEMBERS.has(name) && typeof value[name] === "object" && value[name] !== null)
      .map((name) => draft(place, { [name]: value[name] }, unknown(`field:messages:${name}`))),
  ];
  return drafts.length > 0 ? drafts : [draft(place, value, unknown("field:messages"))];
}

/** The elements of a list; something else in its place counts as one element, absence as none. */
function each(value: unknown): readonly unknown[] {
  return list(value) ?? (value === undefined ? [] : [value]);
}

function message(
  place: Place,
  element: unknown,
  contact: Members | undefined,
  hold: HoldReason | undefined,
): MessageDraft {
  const said = members(element);
  if (!said) return draft(place, element, unknown("message", hold ?? "malformed"));
  const reading = messageReading(said);
  const id = word(said["id"]);
  const from = sender(said, contact);
  const group = word(said["group_id"]);
  const lane = group ?? from?.phone ?? from?.userId ?? "nobody";
  const news = contactNews(said, contact);
  // What nobody can read stays so at whichever channel it ends.
  const held = reading.hold ?? hold;
  return {
    ...draft(place, element, { ...reading, ...(held && { hold: held }) }, id, contact),
    ...(from && { sender: from }),
    ...(from && group === undefined && { direct: true }),
    ...(news && { contactNews: news }),
    ...contextOf(said),
    conversation: `${place.number}:${lane}`,
  };
}

/** A status concerns what the hospital sent; in a group every participant reports the same id and status. */
function status(place: Place, element: unknown): Draft {
  const report = members(element);
  const id = word(report?.["id"]);
  if (!report || id === undefined) return draft(place, element, unknown("status", "malformed"));
  const participant = word(report["recipient_participant_id"]) ?? word(report["participant_recipient_id"]);
  const name = ["status", id, word(report["status"]) ?? "untold", ...(participant ? [participant] : [])].join(":");
  return {
    ...notice(place, element, statusReading(report), name),
    kind: "status",
    about: { externalId: id, ...(participant !== undefined && { participant }) },
  };
}

function operator(place: Place, element: unknown, reading: NoticeReading): NoticeDraft {
  return { ...notice(place, element, reading), kind: "operator" };
}

function notice(place: Place, element: unknown, reading: NoticeReading, id?: string) {
  return { ...reading, ...surroundings(place, element, id), at: instant(place, element) };
}

/** What every message has. */
function draft(place: Place, element: unknown, reading: Reading, id?: string, contact?: Members): MessageDraft {
  return {
    ...reading,
    ...surroundings(place, element, id, contact),
    conversation: `${place.number}:${place.field}`,
    sentAt: instant(place, element),
  };
}

/** What every draft has. Without an id of its own an element is known by its content, so that a retry is recognised. */
function surroundings({ field, metadata, entry, addressee }: Place, element: unknown, id?: string, contact?: Members) {
  return {
    externalId: id ?? `sha256:${fingerprint({ field, metadata, entry, element })}`,
    ...(addressee !== undefined && { addressee }),
    raw: { field, value_metadata: metadata, contact, element },
  };
}

function instant({ entry, receivedAt }: Place, element: unknown): string {
  return sentAt(members(element)?.["timestamp"] ?? entry.time, receivedAt);
}

/** The whole event as one held draft; its bytes stay readable whatever they are. */
function unreadable(event: InboundEvent, channelNumber: string): MessageDraft {
  return {
    ...unknown("event", "malformed"),
    externalId: `sha256:${createHash("sha256").update(event.raw).digest("hex")}`,
    conversation: `${channelNumber}:event`,
    sentAt: event.receivedAt,
    raw: { base64: event.raw.toString("base64") },
  };
}
