import { BotenstoffError } from "#src/message/error-code.ts";
import { decodeText, isCharset, type Charset } from "./charset.ts";
import { unescapeText } from "./escape.ts";

/** Components of one repetition, each with its subcomponents; plain text. `""` (two quotes) is HL7's explicit null. */
export type Repetition = readonly (readonly string[])[];

interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly subcomponent: string;
}

/** A received message: its bytes untouched, its values read when asked for. Fields, components count from 1. */
export interface ParsedMessage {
  readonly bytes: Buffer;
  readonly charset: Charset;
  /** The names of its segments, in order. */
  readonly segments: readonly string[];
  /** Repetitions of a field of the n-th segment of that name (from 0); [] when not valued. */
  repetitions(segment: string, field: number, nth?: number): readonly Repetition[];
  /** One value: first repetition, given component, first subcomponent; "" when not valued. */
  value(segment: string, field: number, component?: number, nth?: number): string;
  /** The field as it stands, escapes and all; "" when not valued. */
  raw(segment: string, field: number, nth?: number): string;
}

const DEFAULT_CHARSET: Charset = "8859/1";

/**
 * Reads an HL7 v2 message. Tolerates LF and CRLF as segment ends, a missing last one, and blank lines.
 * @param override the encoding to read it in, whatever MSH-18 says: senders get it wrong
 * @throws BotenstoffError HL7_MALFORMED when it does not begin with a usable MSH
 */
export function parseHl7(raw: Uint8Array, override?: Charset): ParsedMessage {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const charset = override ?? charsetOf(bytes);
  return readSegments(bytes, decodeText(bytes, charset), charset);
}

/** As `parseHl7`, for text that was decoded before. */
export function parseHl7Text(text: string): ParsedMessage {
  return readSegments(Buffer.from(text, "utf8"), text, "UNICODE UTF-8");
}

function readSegments(bytes: Buffer, text: string, charset: Charset): ParsedMessage {
  if (!/^MSH[^\r\nA-Za-z0-9]/.test(text)) throw new BotenstoffError("HL7_MALFORMED", "reading HL7: no MSH segment");
  const separators = separatorsOf(text);
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.length > 0);
  const byName = new Map<string, string[][]>();
  const names: string[] = [];
  for (const line of lines) {
    const fields = line.split(separators.field);
    const name = fields[0] ?? "";
    names.push(name);
    // MSH-1 is the separator itself, so that counting starts one field earlier.
    const counted = name === "MSH" ? ["MSH", separators.field, ...fields.slice(1)] : fields;
    byName.set(name, [...(byName.get(name) ?? []), counted]);
  }
  const field = (segment: string, number: number, nth = 0) => byName.get(segment)?.[nth]?.[number] ?? "";
  const repetitions = (segment: string, number: number, nth = 0) => split(field(segment, number, nth), separators);
  return {
    bytes,
    charset,
    segments: names,
    raw: field,
    repetitions,
    value: (segment, number, component = 1, nth = 0) =>
      repetitions(segment, number, nth)[0]?.[component - 1]?.[0] ?? "",
  };
}

function split(field: string, { repetition, component, subcomponent }: Separators): Repetition[] {
  if (field === "") return [];
  return field
    .split(repetition)
    .map((one) => one.split(component).map((part) => part.split(subcomponent).map(unescapeText)));
}

/** MSH-1 and MSH-2; a message may leave out the later delimiters. */
function separatorsOf(text: string): Separators {
  const [field = "|", component = "^", repetition = "~", , subcomponent = "&"] = text.slice(3, 8);
  return { field, component, repetition, subcomponent };
}

/** MSH-18, first repetition; a set we do not know is read as UTF-8 where the bytes allow it, else as 8859/1. */
function charsetOf(bytes: Buffer): Charset {
  const end = bytes.findIndex((byte) => byte === 0x0d || byte === 0x0a);
  const header = bytes.subarray(0, end < 0 ? bytes.length : end).toString("latin1");
  const named = (header.split(header[3] ?? "|")[17] ?? "").split(header[5] ?? "~")[0] ?? "";
  if (isCharset(named)) return named === "ASCII" ? guess(bytes) : named;
  return guess(bytes);
}

function guess(bytes: Buffer): Charset {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "UNICODE UTF-8";
  } catch {
    return DEFAULT_CHARSET;
  }
}
