import { createHash } from "node:crypto";
import type { HoldReason, MessageDraft } from "#src/message/message.ts";
import type { InboundEvent } from "#src/sources/source.ts";
import { parseBody } from "./body.ts";
import { contactBook, contactOf, sender } from "./contact.ts";
import { fingerprint } from "./fingerprint.ts";
import { messageReading } from "./kind.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { sentAt } from "./sent-at.ts";
import { separate } from "./separate.ts";
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
}

/** Members of a `messages` change that are read, or that say nothing on their own. */
const KNOWN_MEMBERS = new Set(["messaging_product", "metadata", "contacts", "messages", "statuses", "errors"]);

/**
 * Cuts a webhook body into one draft per element: every message, status, error and change of another field, of every
 * entry (Meta batches up to 1,000 into 3 MB). Total: what cannot be read becomes a held draft, and nothing is left out.
 */
export function cut(event: InboundEvent, channelNumber: string): MessageDraft[] {
  const body = parseBody(event.raw);
  const entries = list(body?.["entry"]);
  if (!body || !entries || entries.length === 0) return [unreadable(event, channelNumber)];
  return separate(entries.flatMap((entry) => cutEntry(entry, event, channelNumber)));
}

function cutEntry(entry: unknown, event: InboundEvent, channelNumber: string): MessageDraft[] {
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

function cutChange(change: unknown, around: Place): MessageDraft[] {
  const value = members(members(change)?.["value"]);
  const field = word(members(change)?.["field"]);
  if (!value || field === undefined)
    return [draft({ ...around, field: "change" }, change, unknown("change", "malformed"))];
  const number = word(members(value["metadata"])?.["phone_number_id"]);
  const place = { ...around, field, metadata: value["metadata"], number: number ?? around.number };
  if (field !== "messages") return [draft(place, value, unknown(`field:${field}`))];

  const book = contactBook(value["contacts"]);
  const hold = number === undefined ? "malformed" : number === around.number ? undefined : "foreign_number";
  const drafts = [
    ...each(value["messages"]).map((element) => message(place, element, contactOf(members(element) ?? {}, book), hold)),
    ...each(value["statuses"]).map((element) => status(place, element)),
    ...each(value["errors"]).map((element) => draft(place, element, unknown("errors"))),
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
  const replyTo = word(members(said["context"])?.["id"]);
  const lane = word(said["group_id"]) ?? from?.phone ?? from?.userId ?? "nobody";
  return {
    ...draft(place, element, { ...reading, ...(hold && { hold }) }, id, contact),
    ...(from && { sender: from }),
    ...(replyTo !== undefined && { replyTo }),
    conversation: `${place.number}:${lane}`,
  };
}

/** A status concerns what the hospital sent; in a group every participant reports the same id and status. */
function status(place: Place, element: unknown): MessageDraft {
  const report = members(element) ?? {};
  const id = word(report["id"]);
  const state = word(report["status"]) ?? "untold";
  const recipient = word(report["recipient_id"]) ?? word(report["recipient_user_id"]) ?? "nobody";
  const participant = word(report["recipient_participant_id"]) ?? word(report["participant_recipient_id"]);
  const name = id && ["status", id, state, ...(participant ? [participant] : [])].join(":");
  return {
    ...draft(place, element, unknown(`status:${state}`), name),
    conversation: `${place.number}:${recipient}`,
  };
}

/** What every draft has. Without an id of its own an element is known by its content, so that a retry is recognised. */
function draft(place: Place, element: unknown, reading: Reading, id?: string, contact?: Members): MessageDraft {
  const { field, metadata, entry } = place;
  return {
    ...reading,
    externalId: id ?? `sha256:${fingerprint({ field, metadata, entry, element })}`,
    conversation: `${place.number}:${field}`,
    sentAt: sentAt(members(element)?.["timestamp"] ?? entry.time, place.receivedAt),
    raw: { field, value_metadata: metadata, contact, element },
  };
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
