import type { Segment } from "#src/hl7/message.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentContent } from "./content.ts";
import { segment } from "./segments.ts";
import { timestamp } from "./timestamp.ts";

export function textContent(text: string, message: Message): DocumentContent {
  return { presentation: "TX", mimeType: "text/plain", observations: [textObservation(text, message, 1)] };
}

/**
 * OBX of type TX, one repetition per line: in TX the repetition delimiter means a new line of display (HL7 v2.5.1 2.A.78),
 * so the text stays one observation however long it is.
 */
export function textObservation(text: string, message: Message, number: number): Segment {
  const lines = text.trimEnd().split(/\r\n|\r|\n/);
  return segment("OBX", 1, {
    1: String(number),
    2: "TX",
    3: ["TEXT", "Text of the message", "L"],
    4: String(number),
    5: lines.length === 1 ? lines[0] : { repeat: lines },
    11: "F",
    14: timestamp(message.sentAt),
  });
}
