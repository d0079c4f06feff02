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
  const parts = join(message.segments.map(segmentParts), "\r");
  const pieces: (Buffer | Slot)[] = [];
  let replaced = 0;
  for (const part of concatenate([...parts, "\r"])) {
    if (typeof part !== "string") {
      pieces.push(part);
      continue;
    }
    const encoded = encodeText(part, charset, unencodable);
    pieces.push(encoded.bytes);
    replaced += encoded.replaced;
  }
  return { pieces, replaced };
}

type Part = string | Slot;

function segmentParts({ name, fields }: Segment): Part[] {
  // MSH-1 is the field separator itself and MSH-2 the other delimiters: they are written, not escaped.
  const head = name === "MSH" ? "MSH|^~\\&" : name;
  const parts = fields.map(fieldParts);
  while (parts.at(-1)?.every((part) => part === "")) parts.pop();
  return [head, ...parts.flatMap((part) => ["|", ...part])];
}

function fieldParts(field: Field): Part[] {
  if (isRepeated(field)) return join(field.repeat.map(repetitionParts), "~");
  return repetitionParts(field);
}

function isRepeated(field: Field): field is Repeated {
  return typeof field === "object" && "repeat" in field;
}

function repetitionParts(repetition: Repetition): Part[] {
  return Array.isArray(repetition) ? trimmed(repetition.map(componentParts), "^") : valueParts(repetition as Value);
}

function componentParts(component: Component): Part[] {
  return Array.isArray(component) ? trimmed(component.map(valueParts), "&") : valueParts(component as Value);
}

function valueParts(value: Value): Part[] {
  if (typeof value === "object") return isFormatted(value) ? [value.lines.map(escapeText).join("\\.br\\")] : [value];
  return value === undefined ? [""] : [escapeText(value)];
}

function isFormatted(value: FormattedText | Slot): value is FormattedText {
  return "lines" in value;
}

/** Trailing empty components say nothing and are left out. */
function trimmed(parts: Part[][], separator: string): Part[] {
  const last = parts.findLastIndex((part) => part.some((piece) => piece !== ""));
  return join(parts.slice(0, last + 1), separator);
}

function join(parts: readonly Part[][], separator: string): Part[] {
  return parts.flatMap((part, index) => (index === 0 ? part : [separator, ...part]));
}

function concatenate(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (typeof part === "string" && typeof last === "string") result[result.length - 1] = last + part;
    else result.push(part);
  }
  return result;
}
