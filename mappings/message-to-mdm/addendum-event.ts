import type { Hl7Profile } from "#src/hl7/profile.ts";
import { controlId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { Words } from "#src/wording/words.ts";
import type { DocumentEvent } from "./event.ts";

/**
 * The message once more, now that something is known of what it was filed without: an edit of its document (T08), a
 * replacement or addendum that names it (T10, T06), or a document of its own that says in words which it belongs to (T02). A
 * day's document is not edited: it may have grown since. Numbers come from what is there, so a second addendum is another.
 */
export function addendumEventOf(
  message: Message,
  filed: string,
  { day, events }: Pick<Hl7Profile, "day" | "events">,
  words: Words,
): DocumentEvent {
  const known = message.attachments.map(({ verdict }) => verdict).join();
  const trigger = day ? "T02" : (events.addendum ?? "T08");
  const made = {
    trigger,
    structure: "MDM_T02",
    controlId: controlId(message.id, `addendum:${known}`),
    reason: words.reasons.addendum,
  } as const;
  if (trigger === "T08") return { ...made, document: filed };
  const own = { ...made, document: controlId(message.id, `addendum-document:${known}`) };
  return trigger === "T02" ? { ...own, addsTo: filed } : { ...own, parent: filed };
}
