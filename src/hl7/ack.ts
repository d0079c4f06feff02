import { createHash } from "node:crypto";
import { encode } from "./encode.ts";
import type { Field, Segment } from "./message.ts";
import { parseHl7, type ParsedMessage } from "./parse.ts";

/** HL7 table 0008. */
export type AckCode = "AA" | "AE" | "AR" | "CA" | "CE" | "CR";

/** One error of an acknowledgement; `code` from table 0357, `text` for people. */
export interface AckError {
  readonly code: string;
  readonly segment?: string;
  readonly field?: number;
  readonly text: string;
}

/** What an acknowledgement says. Its texts may be personal, its codes and places are not. */
export interface Ack {
  readonly code: AckCode;
  /** MSA-2: the control id it answers. */
  readonly controlId: string;
  readonly text: string;
  /** Warnings and information (ERR-4 W, I) left out. */
  readonly errors: readonly AckError[];
}

/** What an acknowledgement says beside its code. */
export interface AckDetail {
  /** What was taken all the same, and is not as it should be (ERR-4 W; before 2.5 there is no severity: MSA-3). */
  readonly warnings?: readonly AckError[];
  /** Tells apart answers that are the same otherwise; without it a repeat gets the same bytes. */
  readonly nonce?: string;
}

/**
 * The acknowledgement of a message, in its charset and version, sender and receiver swapped; MSH-10 is derived, `at`
 * is its time (HL7 v2.5.1 §2.9.2, §2.14).
 */
export function buildAck(
  to: ParsedMessage,
  code: AckCode,
  at: Date,
  error?: AckError,
  { warnings = [], nonce = "" }: AckDetail = {},
): Buffer {
  const controlId = to.value("MSH", 10);
  const version = to.value("MSH", 12) || "2.5.1";
  const trigger = to.value("MSH", 9, 2);
  const header: Field[] = [
    ...[5, 6, 3, 4].map((field) => copy(to, field)),
    stamp(at),
    "",
    trigger === "" ? "ACK" : ["ACK", trigger, "ACK"],
    ownControlId(code, controlId, at, nonce),
    to.value("MSH", 11) || "P",
    to.value("MSH", 12) === "" ? version : copy(to, 12),
    ...Array<string>(5).fill(""),
    copy(to, 18),
  ];
  const segments: Segment[] = [
    { name: "MSH", fields: header },
    { name: "MSA", fields: [code, controlId, error?.text ?? (isOld(version) ? warnings[0]?.text : undefined)] },
    ...(error ? [errorSegment(error, version)] : []),
    ...(isOld(version) ? [] : warnings.map((warning) => errorSegment(warning, version, "W"))),
  ];
  const { pieces } = encode({ segments }, { charset: to.charset });
  return Buffer.concat(pieces.filter((piece) => Buffer.isBuffer(piece)));
}

function copy(from: ParsedMessage, field: number): Field {
  return { repeat: from.repetitions("MSH", field) };
}

/** 20 characters, the most HL7 v2.5 allows. */
export function ownControlId(code: AckCode, controlId: string, at: Date, nonce: string): string {
  const digest = createHash("sha256").update(`${code}|${controlId}|${at.toISOString()}${nonce}`).digest("hex");
  return digest.slice(0, 20).toUpperCase();
}

/** ERR has its present form since 2.5; before, ERR-1 held everything. */
function errorSegment({ code, segment, field, text }: AckError, version: string, severity: "E" | "W" = "E"): Segment {
  const place = segment === undefined ? [] : [segment, "1", field === undefined ? "" : String(field)];
  const [name = "", sequence = "", number = ""] = place;
  if (isOld(version)) return { name: "ERR", fields: [[name, sequence, number, code]] };
  return { name: "ERR", fields: ["", place, [code, "", "HL70357"], severity, "", "", "", text] };
}

function isOld(version: string): boolean {
  return /^2\.[1-4]/.test(version);
}

/**
 * Reads an acknowledgement; undefined when it is none.
 * @throws BotenstoffError HL7_MALFORMED when it is not HL7 at all
 */
export function readAck(raw: Uint8Array): Ack | undefined {
  const message = parseHl7(raw);
  // Receivers of fixed lengths fill up with blanks.
  const code = message.value("MSA", 1).trim().toUpperCase();
  if (!isAckCode(code)) return undefined;
  const errors = message.segments.filter((name) => name === "ERR").flatMap((_, nth) => readErrors(message, nth));
  // MSA-6 was the place of the error code before ERR had one (HL7 v2.2 to 2.4).
  const condition = tableCode(message.value("MSA", 6).trim());
  if (errors.length === 0 && condition !== "") errors.push({ code: condition, text: message.value("MSA", 6, 2) });
  return { code, controlId: message.value("MSA", 2).trim(), text: message.value("MSA", 3), errors };
}

function isAckCode(code: string): code is AckCode {
  return /^[AC][AER]$/.test(code);
}

/** The errors of one ERR segment: one in its present form, each repetition of ERR-1 (ELD) in the form before 2.5. */
function readErrors(message: ParsedMessage, nth: number): AckError[] {
  if (["W", "I"].includes(message.value("ERR", 4, 1, nth).trim())) return [];
  const text = message.value("ERR", 8, 1, nth) || message.value("ERR", 7, 1, nth);
  const code = message.value("ERR", 3, 1, nth);
  const old = message.repetitions("ERR", 1, nth);
  if (code === "" && old.length > 0) {
    return old.map(([segment, , field, error]) => {
      const place = { segment: segment?.[0] ?? "", field: field?.[0] ?? "" };
      return errorAt(error?.[0] ?? "", place, text || (error?.[1] ?? ""));
    });
  }
  const place = { segment: message.value("ERR", 2, 1, nth), field: message.value("ERR", 2, 3, nth) };
  return [errorAt(code, place, text)];
}

/** Codes and places are kept only where they look like such: they are logged, and a KIS may write anything anywhere. */
function errorAt(code: string, { segment, field }: { segment: string; field: string }, text: string): AckError {
  const number = Number(field);
  return {
    code: tableCode(code.trim()),
    ...(/^[A-Z][A-Z0-9]{2}$/.test(segment.trim()) && { segment: segment.trim() }),
    ...(Number.isInteger(number) && number > 0 && { field: number }),
    text,
  };
}

/** Letters for whose table it is, and at most five digits (0357 has three): no name, no telephone, no date of birth. */
function tableCode(code: string): string {
  return /^[A-Z]{0,6}[-_]?\d{1,5}$/.test(code) ? code : "";
}

/** TS in UTC, offset written out: 20261123180501+0000. */
function stamp(at: Date): string {
  return `${at.toISOString().replace(/[-:T]|\..*/g, "")}+0000`;
}
