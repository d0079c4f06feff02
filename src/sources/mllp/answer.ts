import { buildAck, ownControlId, type AckError } from "#src/hl7/ack.ts";
import { ackMode, type AckMode } from "#src/hl7/ack-mode.ts";
import { excessOf } from "#src/hl7/excess.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import type { Accepted } from "../source.ts";

/** How much of a frame is looked at that cannot be read. */
const HEAD = 8 * 1024;

export type Settled = Awaited<ReturnType<Accepted["settled"]>>;

/** HL7 table 0357. */
const UNSUPPORTED_EVENT = "201";
const FIELD_MISSING = "101";
const DATA_TYPE = "102";
const DUPLICATE_KEY = "205";
const INTERNAL = "207";

/** Why a message is too much for anybody: nothing of it is taken, whatever the channel does with what does not concern it. */
export function excessRefusal(message: ParsedMessage): AckError | undefined {
  const excess = excessOf(message);
  return excess && { code: DATA_TYPE, ...excess };
}

/** Which acknowledgements the sender of a message wants. */
export function ackModeOf(message: ParsedMessage): AckMode {
  return ackMode(message.value("MSH", 15), message.value("MSH", 16));
}

/** The answer to a message that is not let in: of the accept level where the sender waits for that one. */
export function refusedAck(message: ParsedMessage, refusal: AckError, at: Date): Buffer {
  return buildAck(message, ackModeOf(message).accept(false) ? "CR" : "AR", at, refusal, { nonce: nonce() });
}

/** The answers to a message the channel takes no interest in: all its sender waits for. */
export function ignoredAcks(message: ParsedMessage, at: Date): Buffer[] {
  const mode = ackModeOf(message);
  const codes = [mode.accept(true) && "CA", mode.application(true) && "AA"] as const;
  return codes.filter((code) => code !== false).map((code) => buildAck(message, code, at));
}

/** The answer when nothing could be stored, even where silence was asked for: the sender must keep and repeat it. */
export function notStoredAck(message: ParsedMessage, at: Date): Buffer {
  const error = { code: INTERNAL, text: "could not be stored, send again" };
  return buildAck(message, ackModeOf(message).accept(false) ? "CE" : "AE", at, error, { nonce: nonce() });
}

/**
 * The application acknowledgement that says what became of a message; undefined where nobody wants it. Its time is that
 * of the outcome, so a repeat gets the same bytes again.
 */
export function outcomeAck(
  message: ParsedMessage,
  outcome: Settled,
  now: Date,
  warnings: readonly AckError[],
): Buffer | undefined {
  const error = errorOf(outcome);
  if (!ackModeOf(message).application(error === undefined)) return undefined;
  const at = outcome.at === undefined ? now : new Date(outcome.at);
  return buildAck(message, error ? "AE" : "AA", at, error, { warnings });
}

function errorOf(outcome: Settled): AckError | undefined {
  switch (outcome.state) {
    case "filed":
    case "withdrawn":
    case "filtered":
    case "purged":
      return undefined;
    case "received":
    case "routed":
      // Durable but not done: the sender repeats, and the repeat is told the outcome.
      return { code: INTERNAL, text: "not processed in time, send again" };
    case "held":
      return { code: INTERNAL, text: "waits for a person" };
    case "failed":
      return failureOf(outcome);
  }
}

/** Our error texts hold ids only, so they may leave the house. */
function failureOf({ code, error = "could not be processed" }: Settled): AckError {
  if (code === "HL7_FIELD_MISSING" || code === "HL7_FIELD_UNUSABLE" || code === "HL7_TOO_MANY") {
    const [, segment, field] = /\b([A-Z][A-Z0-9]{2})-(\d+)\b/.exec(error) ?? [];
    const condition = code === "HL7_FIELD_MISSING" ? FIELD_MISSING : DATA_TYPE;
    return { code: condition, ...(segment !== undefined && { segment, field: Number(field) }), text: error };
  }
  if (code === "HL7_UNSUPPORTED") return { code: UNSUPPORTED_EVENT, segment: "MSH", field: 9, text: error };
  if (code === "PATIENTS_CONFLICT") return { code: DUPLICATE_KEY, segment: "PID", field: 3, text: error };
  return { code: INTERNAL, text: error };
}

/**
 * The answer to a frame that is no HL7 message, to the one it names where its MSH can be read.
 * @param head the beginning of the frame
 * @param reason without a delimiter
 */
export function unreadableAck(head: Buffer, reason: string, at: Date): Buffer {
  const error = { code: "100", segment: "MSH", field: 1, text: reason };
  const header = headerOf(head);
  if (header) return refusedAck(header, error, at);
  const stamp = at.toISOString().replace(/[-:T]|\..*/g, "");
  return Buffer.from(
    `MSH|^~\\&|||||${stamp}+0000||ACK|${freshControlId(at)}|P|2.5.1\r` +
      `MSA|AR||unreadable\rERR||MSH^1|100^^HL70357|E||||${reason}\r`,
    "utf8",
  );
}

/** The first MSH of a frame, if it has a control id. */
function headerOf(head: Buffer): ParsedMessage | undefined {
  const [line] = /(?<=^|[\r\n])MSH[^A-Za-z0-9][^\r\n]*/.exec(head.toString("latin1")) ?? [];
  if (line === undefined) return undefined;
  const header = parseHl7(Buffer.from(line, "latin1"));
  return header.value("MSH", 10) === "" ? undefined : header;
}

/** Whether a frame that cannot be read holds an acknowledgement all the same: answering it could go on for ever. */
export function looksLikeAck(frame: Buffer): boolean {
  return /(?:^|[\r\n])MSA[^A-Za-z0-9]/.test(frame.toString("latin1", 0, HEAD));
}

/** MSH-10, FHS-11, BHS-11 of an answer that nobody asks for twice. */
export function freshControlId(at: Date): string {
  return ownControlId("AR", "", at, nonce());
}

let answers = 0;

/** Two refusals in one millisecond are two messages. */
function nonce(): string {
  answers += 1;
  return `|${answers}`;
}
