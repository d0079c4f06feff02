import { buildAck, type AckError } from "#src/hl7/ack.ts";
import { ackMode, type AckMode } from "#src/hl7/ack-mode.ts";
import { excessOf } from "#src/hl7/excess.ts";
import type { ParsedMessage } from "#src/hl7/parse.ts";
import type { Accepted } from "../source.ts";

export type Settled = Awaited<ReturnType<Accepted["settled"]>>;

/** HL7 table 0357. */
const UNSUPPORTED_TYPE = "200";
const UNSUPPORTED_EVENT = "201";
const UNSUPPORTED_VERSION = "203";
const FIELD_MISSING = "101";
const DATA_TYPE = "102";
const DUPLICATE_KEY = "205";
const INTERNAL = "207";

/** Why a message is refused before anything is stored; undefined lets it in. */
export function refusalOf(message: ParsedMessage): AckError | undefined {
  const type = message.value("MSH", 9);
  const trigger = triggerOf(message);
  const version = message.value("MSH", 12);
  if (type !== "ADT") {
    return { code: UNSUPPORTED_TYPE, segment: "MSH", field: 9, text: "only ADT messages are taken here" };
  }
  if (!/^A(0[1-9]|[1-5]\d|6[0-2])$/.test(trigger)) {
    return { code: UNSUPPORTED_EVENT, segment: "MSH", field: 9, text: "no trigger event of the standard" };
  }
  if (version !== "" && !/^2\.[1-9](\.\d+)?$/.test(version)) {
    return { code: UNSUPPORTED_VERSION, segment: "MSH", field: 12, text: "only versions 2.1 to 2.9 are taken" };
  }
  return undefined;
}

/** Why a message is too much for anybody: nothing of it is taken, whatever the channel does with what does not concern it. */
export function excessRefusal(message: ParsedMessage): AckError | undefined {
  const excess = excessOf(message);
  return excess && { code: DATA_TYPE, ...excess };
}

/** The event: MSH-9.2, or EVN-1, which named it before MSH-9 did (v2.1). */
export function triggerOf(message: ParsedMessage): string {
  return message.value("MSH", 9, 2) || message.value("EVN", 1);
}

/** Which acknowledgements the sender of a message wants. */
export function ackModeOf(message: ParsedMessage): AckMode {
  return ackMode(message.value("MSH", 15), message.value("MSH", 16));
}

/** The answer to a message that is not let in: of the accept level where the sender waits for that one. */
export function refusedAck(message: ParsedMessage, refusal: AckError, at: Date): Buffer {
  return buildAck(message, ackModeOf(message).accept(false) ? "CR" : "AR", at, refusal);
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
  return buildAck(message, ackModeOf(message).accept(false) ? "CE" : "AE", at, error);
}

/**
 * The application acknowledgement that says what became of a message; undefined where nobody wants it. Its time is that
 * of the outcome, so a repeat gets the same bytes again.
 */
export function outcomeAck(message: ParsedMessage, outcome: Settled, now: Date): Buffer | undefined {
  const error = errorOf(outcome);
  if (!ackModeOf(message).application(error === undefined)) return undefined;
  const at = outcome.at === undefined ? now : new Date(outcome.at);
  return error ? buildAck(message, "AE", at, error) : buildAck(message, "AA", at);
}

function errorOf(outcome: Settled): AckError | undefined {
  switch (outcome.state) {
    case "filed":
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
  if (code === "HL7_FIELD_MISSING" || code === "HL7_TOO_MANY") {
    const [, segment, field] = /\b([A-Z][A-Z0-9]{2})-(\d+)\b/.exec(error) ?? [];
    const condition = code === "HL7_TOO_MANY" ? DATA_TYPE : FIELD_MISSING;
    return { code: condition, ...(segment !== undefined && { segment, field: Number(field) }), text: error };
  }
  if (code === "HL7_UNSUPPORTED") return { code: UNSUPPORTED_EVENT, segment: "MSH", field: 9, text: error };
  if (code === "PATIENTS_CONFLICT") return { code: DUPLICATE_KEY, segment: "PID", field: 3, text: error };
  return { code: INTERNAL, text: error };
}

/** The answer to bytes that are no HL7: nothing to swap, nothing to refer to. @param reason without a delimiter */
export function unreadableAck(reason: string, at: Date): Buffer {
  const stamp = at.toISOString().replace(/[-:T]|\..*/g, "");
  return Buffer.from(
    `MSH|^~\\&|||||${stamp}+0000||ACK|NAK${stamp}|P|2.5.1\r` +
      `MSA|AR||unreadable\rERR||MSH^1|100^^HL70357|E||||${reason}\r`,
    "utf8",
  );
}
