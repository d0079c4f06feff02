import type { Hl7Profile } from "#src/hl7/profile.ts";
import { timestamp } from "#src/hl7/timestamp.ts";
import type { DayPosition } from "#src/message/day.ts";
import { controlId, type MessageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { Words } from "#src/wording/words.ts";
import type { DocumentEvent } from "./event.ts";

type DayPolicy = NonNullable<Hl7Profile["day"]>;

/** The day of an instant in the zone the profile writes, as an ISO date. */
export function dateOf(instant: string, { timestamps }: Hl7Profile): string {
  const digits = timestamp(instant, { zone: timestamps.zone, offset: false });
  return [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].join("-");
}

/**
 * The first message opens the day's document (T02). Each later one makes the next version: an edit under the same
 * number (T08), or a replacement with a number of its own that names the version before it (T10). `previous` is the
 * message before it in the document.
 */
export function dayEventOf(
  message: Message,
  { document, version }: DayPosition,
  previous: MessageId | undefined,
  { update }: DayPolicy,
  words: Words,
  withdraw: boolean,
): DocumentEvent {
  const number = numberOf(update === "T08" ? document : message.id);
  if (withdraw) {
    const withdrawal = { trigger: "T11", structure: "MDM_T01", reason: words.reasons.wrongChart } as const;
    return { ...withdrawal, document: number, controlId: controlId(message.id, "withdraw") };
  }
  const made = { structure: "MDM_T02", document: number, controlId: controlId(message.id) } as const;
  if (version === 1) return { ...made, trigger: "T02" };
  const later = { ...made, trigger: update, reason: words.reasons.anotherMessage };
  return update === "T08" || previous === undefined ? later : { ...later, parent: numberOf(previous) };
}

function numberOf(id: MessageId): string {
  return controlId(id, "day");
}
