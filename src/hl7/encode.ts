import type { Charset, Unencodable } from "./charset.ts";
import { encodeText } from "./charset.ts";
import { escapeText } from "./escape.ts";
import type {
  Component,
  Field,
  FormattedText,
  Hl7Message,
  Repeated,
  Repetition,
  Segment,
  Slot,
  Value,
} from "./message.ts";

/** An encoded message: bytes, and the slots where base64 goes, in order. */
export interface Encoded {
  readonly pieces: readonly (Buffer | Slot)[];
  /** Characters the charset does not hold, written as "?". */
  readonly replaced: number;
}

interface Options {
  readonly charset: Charset;
  readonly unencodable?: Unencodable;
}

/** Writes a message with the delimiters `|^~\&`, each segment ended by CR (HL7 v2.5.1 §2.6). */
export function encode(message: Hl7Message, { charset, unencodable = "replace" }: Options): Encoded {
  const written: Written = { pieces: [], text: "" };
  for (const segment of message.segments) {
    writeSegment(written, segment);
    written.text += "\r";
  }
  let replaced = 0;
  const pieces = [...written.pieces, written.text].map((piece) => {
    if (typeof piece !== "string") return piece;
    const encoded = encodeText(piece, charset, unencodable);
    replaced += encoded.replaced;
    return encoded.bytes;
  });
  return { pieces, replaced };
}

/** What is written so far: the pieces up to the last slot, and the text since. One string grows; parts would be garbage. */
interface Written {
  readonly pieces: (string | Slot)[];
  text: string;
}

function writeSegment(written: Written, { name, fields }: Segment): void {
  // MSH-1 is the field separator itself and MSH-2 the other delimiters: they are written, not escaped.
  written.text += name === "MSH" ? "MSH|^~\\&" : name;
  writeTrimmed(written, [undefined, ...fields], "|", writeField);
}

function writeField(written: Written, field: Field): void {
  if (!isRepeated(field)) {
    writeRepetition(written, field);
    return;
  }
  for (const [index, repetition] of field.repeat.entries()) {
    if (index > 0) written.text += "~";
    writeRepetition(written, repetition);
  }
}

function isRepeated(field: Field): field is Repeated {
  return typeof field === "object" && "repeat" in field;
}

function writeRepetition(written: Written, repetition: Repetition): void {
  if (Array.isArray(repetition)) writeTrimmed(written, repetition as readonly Component[], "^", writeComponent);
  else writeValue(written, repetition as Value);
}

function writeComponent(written: Written, component: Component): void {
  if (Array.isArray(component)) writeTrimmed(written, component as readonly Value[], "&", writeValue);
  else writeValue(written, component as Value);
}

function writeValue(written: Written, value: Value): void {
  if (value === undefined) return;
  if (typeof value === "string") written.text += escapeText(value);
  else if (isFormatted(value)) written.text += value.lines.map(escapeText).join("\\.br\\");
  else {
    written.pieces.push(written.text, value);
    written.text = "";
  }
}

function isFormatted(value: FormattedText | Slot): value is FormattedText {
  return "lines" in value;
}

/** Trailing empty parts say nothing: they and their separators are taken back. */
function writeTrimmed<Part>(
  written: Written,
  parts: readonly Part[],
  separator: string,
  write: (written: Written, part: Part) => void,
): void {
  let upToLast = written.text;
  for (const [index, part] of parts.entries()) {
    if (index > 0) written.text += separator;
    const [length, slots] = [written.text.length, written.pieces.length];
    write(written, part);
    if (written.text.length !== length || written.pieces.length !== slots) upToLast = written.text;
  }
  written.text = upToLast;
}
