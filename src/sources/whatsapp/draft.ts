import type { HoldReason, MessageDraft } from "#src/message/message.ts";
import type { NoticeDraft } from "#src/message/notice.ts";
import { fingerprint } from "./fingerprint.ts";
import { members } from "./member.ts";
import type { Members } from "./member.ts";
import type { NoticeReading } from "./notice.ts";
import { sentAt } from "./sent-at.ts";
import type { Reading } from "./unknown.ts";

export type Draft = MessageDraft | NoticeDraft;

/** What becomes of a message of a kind the engine cannot read: it waits for a person, or is filed as a visible placeholder. */
export type UnknownKinds = "hold" | "placeholder";

/** What surrounds an element: needed to name it, order it and keep it readable on its own. */
export interface Place {
  readonly receivedAt: string;
  readonly entry: { readonly id?: unknown; readonly time?: unknown };
  readonly field: string;
  readonly metadata: unknown;
  /** The number the element names, or the channel's own. */
  readonly number: string;
  /** Set where the number is not the channel's own. */
  readonly addressee?: string;
  /** Why nothing said here may go on by itself: it is for another number, or names none. */
  readonly hold?: HoldReason;
  readonly unknownKinds: UnknownKinds;
}

/** What every message has. */
export function draft(place: Place, element: unknown, reading: Reading, id?: string, contact?: Members): MessageDraft {
  return {
    ...reading,
    ...surroundings(place, element, id, contact),
    conversation: `${place.number}:${place.field}`,
    sentAt: instant(place, element),
  };
}

/** Something for operators. */
export function operator(place: Place, element: unknown, reading: NoticeReading): NoticeDraft {
  return { ...notice(place, element, reading), kind: "operator" };
}

/** What every notice has. */
export function notice(place: Place, element: unknown, reading: NoticeReading, id?: string) {
  return { ...reading, ...surroundings(place, element, id), at: instant(place, element) };
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
