import type { CallContent, UnknownContent } from "#src/message/content.ts";
import type { MessageDraft } from "#src/message/message.ts";
import { contactOf } from "./contact.ts";
import type { ContactBook } from "./contact.ts";
import { draft } from "./draft.ts";
import type { Place } from "./draft.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { party } from "./said.ts";
import { tame, unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/**
 * One element of `calls[]`: `{"id":"wacid.…","event":"connect|terminate","direction":"USER_INITIATED","from","to",
 * "status"?,"duration"?}`; the status of one that ended is COMPLETED, FAILED or REJECTED. A call keeps its id from event to event, so the event is part of the message's.
 */
export function call(place: Place, element: unknown, book: ContactBook): MessageDraft {
  const report = members(element);
  const id = word(report?.["id"]);
  const event = word(report?.["event"]);
  if (!report || id === undefined || event === undefined) {
    return draft(place, element, unknown("call", "malformed"));
  }
  const outgoing = report["direction"] === "BUSINESS_INITIATED";
  const side = outgoing ? "to" : "from";
  const contact = contactOf(report, book, side);
  const reading = { ...readingOf(report, event, outgoing), ...(place.hold && { hold: place.hold }) };
  return {
    ...draft(place, element, reading, `call:${id}:${event}`, contact),
    ...party(place, report, contact, side),
  };
}

function readingOf(report: Members, event: string, outgoing: boolean): Reading<CallContent | UnknownContent> {
  const seconds = word(report["duration"]);
  const status = word(report["status"]) ?? word(list(report["status"])?.[0]);
  return {
    content: {
      kind: "call",
      direction: outgoing ? "outgoing" : "incoming",
      event: tame(event),
      ...(status !== undefined && { outcome: tame(status) }),
      ...(seconds !== undefined && /^\d{1,6}$/.test(seconds) && { durationSeconds: Number(seconds) }),
    },
  };
}
