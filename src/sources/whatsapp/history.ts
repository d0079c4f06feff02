import { isSamePhone, phoneDigits } from "#src/message/comparable-phone.ts";
import type { MessageDraft } from "#src/message/message.ts";
import { contactBook } from "./contact.ts";
import type { ContactBook, Side } from "./contact.ts";
import { draft, operator } from "./draft.ts";
import type { Draft, Place } from "./draft.ts";
import { each, list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { errorReading } from "./notice.ts";
import { said, STAND_IN } from "./said.ts";
import { unknown } from "./unknown.ts";

/**
 * One element of `history[]`, what a coexistence number's phone hands over of the last 180 days:
 * `{"metadata":{"phase","chunk_order","progress"},"threads":[{"id":"<wa_id>","messages":[…]}]}`, or `{"errors":[…]}` where
 * its owner refused (2593109). A chunk with neither tells only how far it is.
 */
export function history(place: Place, element: unknown): Draft[] {
  const chunk = members(element);
  if (!chunk) return [draft(place, element, unknown("history", "malformed"))];
  const drafts = [
    ...each(chunk["threads"]).flatMap((thread) => threadMessages(place, thread)),
    ...each(chunk["errors"]).map((error) => operator(place, error, errorReading(error))),
  ];
  const progress = { field: "history", event: "progress", codes: [], level: "info" } as const;
  return drafts.length > 0 ? drafts : [operator(place, element, progress)];
}

/** A message written before the engine was connected. */
function earlier(place: Place, element: unknown, book: ContactBook): MessageDraft {
  // What was news of a contact months ago may have been overtaken; following it now could reach a stranger.
  const { contactNews: _old, ...read } = said(place, element, book, sideOf(place, members(element)));
  return { ...read, circumstances: { ...read.circumstances, earlier: true } };
}

/** What a placeholder in a thread stood in for: media follow in `messages[]` of the same field, in whatever order they come. */
export function laterMedia(place: Place, element: unknown, book: ContactBook): MessageDraft {
  const read = earlier(place, element, book);
  return read.circumstances?.standIn ? read : { ...read, supersedes: STAND_IN };
}

function threadMessages(place: Place, element: unknown): MessageDraft[] {
  const thread = members(element);
  const id = word(thread?.["id"]);
  const messages = list(thread?.["messages"]);
  if (!thread || id === undefined || !messages) return [draft(place, element, unknown("history:thread", "malformed"))];
  // The thread names the person; what the hospital wrote in it may name nobody.
  const book = contactBook([{ wa_id: id, ...members(thread["context"]) }]);
  return messages.map((message) => earlier(place, message, book));
}

/** The hospital's own lines name whom they were written to, or the hospital's number as their sender. */
function sideOf({ metadata }: Place, message: Members | undefined): Side {
  if (word(message?.["to"]) !== undefined) return "to";
  const ours = phoneDigits(word(members(metadata)?.["display_phone_number"]) ?? "");
  const from = phoneDigits(word(message?.["from"]) ?? "");
  return ours !== undefined && from !== undefined && isSamePhone(ours, from) ? "to" : "from";
}
