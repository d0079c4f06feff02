import { createHash } from "node:crypto";
import type { HoldReason, MessageDraft } from "#src/message/message.ts";
import type { Cut, InboundEvent } from "#src/sources/source.ts";
import { addressOf } from "./address.ts";
import { parseBody } from "./body.ts";
import { call } from "./call.ts";
import { contactBook } from "./contact.ts";
import { draft, notice, operator } from "./draft.ts";
import type { Draft, Place, UnknownKinds } from "./draft.ts";
import { isExcessive } from "./excess.ts";
import { GROUP_FIELDS, groupChange } from "./group.ts";
import { history, laterMedia } from "./history.ts";
import { each, list, members, word } from "./member.ts";
import { errorReading, isOperatorField, operatorReading, statusReading } from "./notice.ts";
import { said } from "./said.ts";
import { separate, separateNotices } from "./separate.ts";
import { unknown } from "./unknown.ts";

/** Fields in which somebody says something: to the number, from its phone, before it was connected, or by calling. */
const CONVERSATION_FIELDS = new Set(["messages", "standby", "smb_message_echoes", "history", "calls"]);

/** Members of such a change that are read, or that say nothing on their own. */
const KNOWN_MEMBERS = new Set([
  "messaging_product",
  "metadata",
  "contacts",
  "messages",
  "message_echoes",
  "history",
  "calls",
  "statuses",
  "errors",
  "user_actions",
]);

/**
 * Cuts a webhook body into one draft per element of every entry (Meta batches up to 1,000 into 3 MB): what people said
 * into messages; statuses, errors and changes that concern the account into notices. Total: what cannot be read, or would
 * cost many times its bytes, becomes a held message, and nothing is left out.
 */
export function cut(event: InboundEvent, channelNumber: string, unknownKinds: UnknownKinds = "hold"): Cut {
  const body = parseBody(event.raw);
  const entries = list(body?.["entry"]);
  if (!body || !entries || entries.length === 0 || isExcessive(body))
    return { messages: [unreadable(event, channelNumber)], notices: [] };
  const around: Place = {
    receivedAt: event.receivedAt,
    entry: {},
    field: "entry",
    metadata: undefined,
    number: channelNumber,
    unknownKinds,
  };
  const drafts = entries.flatMap((entry) => cutEntry(entry, around));
  return {
    messages: separate(drafts.filter((draft) => "content" in draft)),
    notices: separateNotices(drafts.filter((draft) => "kind" in draft)),
  };
}

function cutEntry(entry: unknown, around: Place): Draft[] {
  const envelope = members(entry);
  const changes = list(envelope?.["changes"]);
  const place = { ...around, entry: { id: envelope?.["id"], time: envelope?.["time"] } };
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
  const hold: HoldReason | undefined = number === undefined ? "malformed" : foreign ? "foreign_number" : undefined;
  const place: Place = {
    ...around,
    field,
    metadata: value["metadata"],
    number: number ?? around.number,
    ...(foreign && { addressee: addressOf(number) }),
    ...(hold && { hold }),
  };
  if (isOperatorField(field)) return [operator(place, value, operatorReading(field, value))];
  if (GROUP_FIELDS.has(field) && list(value["groups"])?.length) {
    return each(value["groups"]).map(
      (element) =>
        groupChange(place, element) ?? operator(place, element, operatorReading(field, members(element) ?? {})),
    );
  }
  if (GROUP_FIELDS.has(field) && list(value["errors"])?.length) {
    return each(value["errors"]).map((element) => operator(place, element, errorReading(element)));
  }
  if (!CONVERSATION_FIELDS.has(field)) return [draft(place, value, unknown(`field:${field}`))];

  const book = contactBook(value["contacts"]);
  const drafts = [
    ...each(value["messages"]).map((element) =>
      field === "history" ? laterMedia(place, element, book) : said(place, element, book),
    ),
    ...each(value["message_echoes"]).map((element) => said(place, element, book, "to")),
    ...each(value["history"]).flatMap((element) => history(place, element)),
    ...each(value["calls"]).map((element) => call(place, element, book)),
    ...each(value["statuses"]).map((element) => status(place, element)),
    // What somebody did with a link or an offer of the hospital's, without saying anything.
    ...each(value["user_actions"]).map((element) =>
      operator(place, element, operatorReading("user_actions", members(element) ?? {})),
    ),
    ...each(value["errors"]).map((element) => operator(place, element, errorReading(element))),
    ...Object.keys(value)
      .filter((name) => !KNOWN_MEMBERS.has(name) && typeof value[name] === "object" && value[name] !== null)
      .map((name) => draft(place, { [name]: value[name] }, unknown(`field:${field}:${name}`))),
  ];
  return drafts.length > 0 ? drafts : [draft(place, value, unknown(`field:${field}`))];
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
