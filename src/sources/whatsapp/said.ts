import type { MessageDraft } from "#src/message/message.ts";
import { contactNews } from "./contact-news.ts";
import { contactOf, person } from "./contact.ts";
import type { ContactBook, Side } from "./contact.ts";
import { contextOf } from "./context.ts";
import { draft } from "./draft.ts";
import type { Place } from "./draft.ts";
import { messageReading } from "./kind.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";

/**
 * One element of `messages[]`, or of `message_echoes[]`, what the hospital's own phone sent: there the patient is named
 * in `to`.
 */
export function said(place: Place, element: unknown, book: ContactBook, side: Side = "from"): MessageDraft {
  const message = members(element);
  if (!message) return draft(place, element, unknown("message", "malformed"));
  const reading = messageReading(message);
  const contact = contactOf(message, book, side);
  const news = side === "from" ? contactNews(message, contact) : undefined;
  const { hold: unreadable, ...rest } = reading;
  const placed = unreadable === "unsupported" && place.unknownKinds === "placeholder";
  // What nobody can read stays so at whichever channel it ends.
  const hold = placed ? place.hold : (unreadable ?? place.hold);
  return {
    ...draft(place, element, { ...rest, ...(hold && { hold }) }, word(message["id"]), contact),
    ...party(place, message, contact, side),
    ...(news && { contactNews: news }),
    ...(message["type"] === "media_placeholder" ? standIn(message) : contextOf(message)),
  };
}

/** The part of a message that stands in for a picture, film or file of the history. */
export const STAND_IN = "placeholder";

function standIn(message: Members): Pick<MessageDraft, "replyTo" | "circumstances" | "part"> {
  const context = contextOf(message);
  return { ...context, circumstances: { ...context.circumstances, standIn: true }, part: STAND_IN };
}

/** Whom an element is from or to, and the conversation that makes it part of: the group's, else the person's. */
export function party(
  place: Place,
  element: Members,
  contact: Members | undefined,
  side: Side,
): Pick<MessageDraft, "sender" | "recipient" | "direct" | "conversation"> {
  const who = person(element, contact, side);
  const group = word(element["group_id"]);
  return {
    ...(who && (side === "from" ? { sender: who } : { recipient: who })),
    ...(who && group === undefined && { direct: true }),
    conversation: `${place.number}:${group ?? who?.phone ?? who?.userId ?? "nobody"}`,
  };
}
