import { plainText, type Component, type Segment } from "#src/hl7/message.ts";
import { endingOf } from "#src/message/file-name.ts";
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

/** Other endings of the same types. */
const SAME_ENDINGS: Readonly<Record<string, string>> = {
  jpeg: "jpg",
  tiff: "tif",
  heif: "heic",
  htm: "html",
  text: "txt",
};

/** TXA-16 is an ST of at most 30 characters in every version up to 2.8. */
const LONGEST = 30;

/**
 * TXA-16: what the sender called the file, with the ending of what it is, where the field holds it; else a name of the
 * document's number.
 */
export function fileName(event: DocumentEvent, content: DocumentContent): string {
  const { fileName: given, extension } = content;
  if (given === undefined) return uniqueFileName(event, content);
  const name = isEnding(endingOf(given), extension) ? given : `${given}.${extension}`;
  return Array.from(name).length <= LONGEST ? name : uniqueFileName(event, content);
}

function isEnding(ending: string | undefined, extension: string): boolean {
  return ending === extension || (ending !== undefined && SAME_ENDINGS[ending] === extension);
}

/** No other document has it, because the document's number is its own. */
function uniqueFileName({ document }: DocumentEvent, { extension }: DocumentContent, longest = LONGEST): string {
  const ending = `.${extension}`;
  return `${document.slice(0, Math.max(0, longest - ending.length))}${ending}`;
}

/**
 * TXA with a name that leaves room for what a rule puts behind it (German: name^application): the field is thirty characters
 * in all. Fifteen of the document's number are still its own. A name that a rule wrote is left alone.
 */
export function withFittingName(segment: Segment, event: DocumentEvent, content: DocumentContent): Segment {
  const field = segment.fields[15];
  if (segment.name !== "TXA" || !Array.isArray(field)) return segment;
  const [name, ...rest] = field as readonly Component[];
  if (name !== fileName(event, content)) return segment;
  const longest = LONGEST - rest.reduce<number>((sum, part) => sum + 1 + plainText(part).length, 0);
  if (Array.from(plainText(name)).length <= longest) return segment;
  const fitting = [uniqueFileName(event, content, longest), ...rest];
  return { ...segment, fields: segment.fields.with(15, fitting) };
}
