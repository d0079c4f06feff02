import { isUtf8 } from "node:buffer";
import { BotenstoffError } from "#src/message/error-code.ts";
import { isCharset, readText, type Charset, type ReadText } from "./charset.ts";
import { delimitersOf, type Delimiters } from "./delimiters.ts";
import { unescapeText } from "./escape.ts";

/** Components of one repetition, each with its subcomponents; plain text. `""` (two quotes) is HL7's explicit null. */
export type Repetition = readonly (readonly string[])[];

/** A received message: its bytes untouched, its values read when asked for. Fields, components count from 1. */
export interface ParsedMessage {
  readonly bytes: Buffer;
  /** The same, decoded; without a byte order mark. */
  readonly text: string;
  /** The set it was read in, which is not always the one MSH-18 names. */
  readonly charset: Charset;
  readonly delimiters: Delimiters;
  /** What was found where the bytes are not in the set MSH-18 names. */
  readonly misfit?: ReadText["misfit"];
  /** The names of its segments, in order. */
  readonly segments: readonly string[];
  /** How many fields the n-th segment of that name has, valued or not. */
  fieldCount(segment: string, nth?: number): number;
  /** Repetitions of a field of the n-th segment of that name (from 0); [] when not valued. */
  repetitions(segment: string, field: number, nth?: number): readonly Repetition[];
  /** One value: first repetition, given component, first subcomponent; "" when not valued. */
  value(segment: string, field: number, component?: number, nth?: number): string;
  /** The field as it stands, escapes and all; "" when not valued. */
  raw(segment: string, field: number, nth?: number): string;
}

const DEFAULT_CHARSET: Charset = "8859/1";
/** Each costs memory many times its bytes: 32 MB of the shortest would be more than a process has. */
const MAX_SEGMENTS = 100_000;
const MAX_FIELDS = 1_000_000;
const SEGMENT_END = /\r\n|\r|\n/;
/** Of a message whose MSH ends as the standard says: there an LF is text, unless a segment begins after it. */
const STANDARD_SEGMENT_END = /\r\n|\r|\n(?=[A-Z][A-Z0-9]{2}[^A-Za-z0-9\s]|[\r\n]|$)/;
/** Senders that read their messages from files may send the byte order mark along. */
const BOM = Buffer.from("\uFEFF");

/**
 * Reads an HL7 v2 message. Tolerates LF and CRLF as segment ends, a missing last one, blank lines, a byte order mark, and
 * an LF inside a field.
 * @param override the encoding to read it in, whatever MSH-18 says: senders get it wrong
 * @throws BotenstoffError HL7_MALFORMED when it does not begin with a usable MSH, has too many segments or fields, or a second MSH
 *   follows: two messages run together, and the patient of the second would be lost under the control id of the first
 */
export function parseHl7(raw: Uint8Array, override?: Charset): ParsedMessage {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const { text, charset, misfit } = readText(bytes, override ?? charsetOf(bytes));
  return { ...readSegments(bytes, text.replace(/^\uFEFF/, ""), charset), ...(misfit && { misfit }) };
}

/** As `parseHl7`, for text that was decoded before. */
export function parseHl7Text(text: string): ParsedMessage {
  return readSegments(Buffer.from(text, "utf8"), text, namedCharset(text) ?? "UNICODE UTF-8");
}

function readSegments(bytes: Buffer, text: string, charset: Charset): ParsedMessage {
  const [, headerEnd] = /[^\r\n](\r\n|\r|\n)/.exec(text) ?? [];
  const all = text.split(headerEnd === "\r" ? STANDARD_SEGMENT_END : SEGMENT_END, MAX_SEGMENTS + 1);
  if (all.length > MAX_SEGMENTS) {
    throw new BotenstoffError("HL7_MALFORMED", `reading HL7: more than ${MAX_SEGMENTS} segments`);
  }
  const lines = all.filter((line) => line.length > 0);
  const [header = ""] = lines;
  if (!/^MSH[^A-Za-z0-9]/.test(header)) throw new BotenstoffError("HL7_MALFORMED", "reading HL7: no MSH segment");
  const delimiters = delimitersOf(header);
  const byName = new Map<string, string[][]>();
  const names: string[] = [];
  let left = MAX_FIELDS;
  for (const line of lines) {
    const fields = line.split(delimiters.field, left + 1);
    left -= fields.length;
    if (left < 0) throw new BotenstoffError("HL7_MALFORMED", `reading HL7: more than ${MAX_FIELDS} fields`);
    const [name = ""] = fields;
    // MSH-1 is the separator itself, so that counting starts one field earlier.
    if (name === "MSH") fields.unshift(name);
    names.push(name);
    const same = byName.get(name);
    if (same) same.push(fields);
    else byName.set(name, [fields]);
  }
  if ((byName.get("MSH")?.length ?? 0) > 1) throw new BotenstoffError("HL7_MALFORMED", "reading HL7: two MSH segments");
  const raw = (segment: string, field: number, nth = 0) =>
    segment === "MSH" && field === 1 ? delimiters.field : (byName.get(segment)?.[nth]?.[field] ?? "");
  const repetitions = (segment: string, field: number, nth = 0) => split(raw(segment, field, nth), delimiters, charset);
  return {
    bytes,
    text,
    charset,
    delimiters,
    segments: names,
    fieldCount: (segment, nth = 0) => (byName.get(segment)?.[nth]?.length ?? 1) - 1,
    raw,
    repetitions,
    value: (segment, field, component = 1, nth = 0) => repetitions(segment, field, nth)[0]?.[component - 1]?.[0] ?? "",
  };
}

function split(field: string, delimiters: Delimiters, charset: Charset): Repetition[] {
  if (field === "") return [];
  const { repetition, component, subcomponent } = delimiters;
  const plain = (part: string) => unescapeText(part, delimiters, charset);
  return field.split(repetition).map((one) => one.split(component).map((part) => part.split(subcomponent).map(plain)));
}

/** A set we do not know, and ASCII with bytes it does not have, is read as UTF-8 where the bytes allow it, else as 8859/1. */
function charsetOf(bytes: Buffer): Charset {
  if (bytes.subarray(0, BOM.length).equals(BOM)) return "UNICODE UTF-8";
  const start = bytes.findIndex((byte) => byte !== 0x0d && byte !== 0x0a);
  const ends = [bytes.indexOf(0x0d, start), bytes.indexOf(0x0a, start), bytes.length].filter((end) => end >= 0);
  const named = namedCharset(bytes.toString("latin1", Math.max(start, 0), Math.min(...ends)));
  return named === undefined || named === "ASCII" ? guess(bytes) : named;
}

/** MSH-18, first repetition. */
function namedCharset(text: string): Charset | undefined {
  const header = /[^\r\n]*/.exec(text)?.[0] ?? "";
  const { field, repetition } = delimitersOf(header);
  const [name = ""] = (header.split(field)[17] ?? "").split(repetition);
  return isCharset(name) ? name : undefined;
}

function guess(bytes: Buffer): Charset {
  return isUtf8(bytes) ? "UNICODE UTF-8" : DEFAULT_CHARSET;
}
