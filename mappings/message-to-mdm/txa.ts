import type { Segment } from "#src/hl7/message.ts";
import { timestamp } from "#src/hl7/timestamp.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentContent } from "./rendering.ts";
import type { DocumentEvent } from "./event.ts";
import type { MdmParams } from "./params.ts";
import { segment } from "./segment.ts";

const EDITS: ReadonlySet<string> = new Set(["T07", "T08", "T09", "T10"]);

/**
 * TXA-17 "DO": documented, nobody has authenticated it. The patient is no author in the sense of TXA-9, so only the
 * filing system is named, in TXA-5. TXA-19 "CA" (table 0273) is a document deleted by T11.
 */
export function txa(
  message: Message,
  event: DocumentEvent,
  content: DocumentContent,
  params: MdmParams,
  routedAt: string,
): Segment {
  const at = (instant: string) => timestamp(instant, params.profile.timestamps);
  return segment("TXA", 1, {
    1: "1",
    2: params.document_type,
    3: content.presentation,
    4: at(message.sentAt),
    5: params.filed_by,
    6: at(message.sentAt),
    7: at(routedAt),
    8: EDITS.has(event.trigger) ? at(message.sentAt) : "",
    12: event.document,
    13: event.parent,
    16: fileName(event, content),
    17: "DO",
    19: event.trigger === "T11" ? "CA" : "AV",
    21: event.reason,
  });
}

/** TXA-16: unique, because the document's number is; at most the 30 characters HL7 v2.5 allows. */
export function fileName({ document }: DocumentEvent, { extension }: DocumentContent): string {
  return `${document}.${extension}`.slice(0, 30);
}
