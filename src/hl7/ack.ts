import { createHash } from "node:crypto";
import { escapeText } from "./escape.ts";
import { encodeText } from "./charset.ts";
import { parseHl7, type ParsedMessage } from "./parse.ts";

/** HL7 table 0008. */
export type AckCode = "AA" | "AE" | "AR" | "CA" | "CE" | "CR";

/** One error of an acknowledgement; `code` from table 0357. */
export interface AckError {
  readonly code: string;
  readonly segment?: string;
  readonly field?: number;
  readonly text: string;
}

/** What an acknowledgement says. */
export interface Ack {
  readonly code: AckCode;
  /** MSA-2: the control id it answers. */
  readonly controlId: string;
  readonly text: string;
  readonly errors: readonly AckError[];
}

/** The acknowledgement of a message, in its charset and version, sender and receiver swapped; MSH-10 derived, `at` its time. */
export function buildAck(to: ParsedMessage, code: AckCode, at: Date, error?: AckError): Buffer {
  const controlId = to.value("MSH", 10);
  const version = to.raw("MSH", 12) || "2.5.1";
  const own = createHash("sha256").update(`${code}|${controlId}|${at.toISOString()}`).digest("hex").slice(0, 20);
  const trigger = to.value("MSH", 9, 2);
  const header = [
    ["MSH|^~\\&", to.raw("MSH", 5), to.raw("MSH", 6), to.raw("MSH", 3), to.raw("MSH", 4), stamp(at), ""].join("|"),
    ["ACK", trigger, "ACK"].filter((part) => part !== "").join("^"),
    own.toUpperCase(),
    to.raw("MSH", 11) || "P",
    version,
    ...Array<string>(5).fill(""),
    to.raw("MSH", 18),
  ].join("|");
  const segments = [
    header.replace(/\|+$/, ""),
    `MSA|${code}|${escapeText(controlId)}${error ? `|${escapeText(error.text)}` : ""}`,
    ...(error ? [errorSegment(error, version)] : []),
  ];
  return encodeText(`${segments.join("\r")}\r`, to.charset, "replace").bytes;
}

/** ERR has its present form since 2.5; before, ERR-1 held everything. */
function errorSegment(error: AckError, version: string): string {
  const place = [error.segment ?? "", error.segment ? "1" : "", error.field === undefined ? "" : String(error.field)];
  if (/^2\.[1-4]/.test(version)) return `ERR|${[...place, error.code].join("^")}`;
  const location = place.join("^").replace(/\^+$/, "");
  return `ERR||${location}|${error.code}^^HL70357|E||||${escapeText(error.text)}`;
}

/**
 * Reads an acknowledgement; undefined when it is none.
 * @throws BotenstoffError HL7_MALFORMED when it is not HL7 at all
 */
export function readAck(raw: Uint8Array): Ack | undefined {
  const message = parseHl7(raw);
  const code = message.value("MSA", 1);
  if (!/^(A|C)[AER]$/.test(code)) return undefined;
  const errors = message.segments.filter((name) => name === "ERR").map((_, nth) => readError(message, nth));
  return { code: code as AckCode, controlId: message.value("MSA", 2), text: message.value("MSA", 3), errors };
}

function readError(message: ParsedMessage, nth: number): AckError {
  const old = message.repetitions("ERR", 1, nth)[0];
  const code = message.value("ERR", 3, 1, nth) || (old?.[3]?.[0] ?? "");
  const segment = message.value("ERR", 2, 1, nth) || (old?.[0]?.[0] ?? "");
  const field = Number(message.value("ERR", 2, 3, nth) || (old?.[2]?.[0] ?? ""));
  return {
    code,
    ...(segment !== "" && { segment }),
    ...(field > 0 && { field }),
    text: message.value("ERR", 8, 1, nth) || message.value("ERR", 7, 1, nth),
  };
}

/** TS in UTC, offset written out: 20261123180501+0000. */
function stamp(at: Date): string {
  return `${at.toISOString().replace(/[-:T]|\..*/g, "")}+0000`;
}
