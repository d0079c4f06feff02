import { buildAck, type AckError } from "#src/hl7/ack.ts";
import type { ParsedMessage } from "#src/hl7/parse.ts";
import type { Accepted } from "../source.ts";

type Settled = Awaited<ReturnType<Accepted["settled"]>>;

/** HL7 table 0357. */
const UNSUPPORTED_TYPE = "200";
const UNSUPPORTED_EVENT = "201";
const UNSUPPORTED_VERSION = "203";
const FIELD_MISSING = "101";
const INTERNAL = "207";

/** Why a message is refused before anything is stored; undefined lets it in. */
export function refusalOf(message: ParsedMessage): AckError | undefined {
  const type = message.value("MSH", 9);
  const trigger = message.value("MSH", 9, 2);
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

/** Whether anyone waits for an acknowledgement of this mode (HL7 v2.5.1 §2.9.2): empty fields mean original mode. */
export function acknowledgementsOf(message: ParsedMessage): { accept: boolean; application: boolean } {
  const accept = message.value("MSH", 15);
  const application = message.value("MSH", 16);
  if (accept === "" && application === "") return { accept: false, application: true };
  return { accept: accept === "AL" || accept === "SU", application: application !== "NE" && application !== "" };
}

/** The application acknowledgement that says what became of a message. */
export function outcomeAck(message: ParsedMessage, outcome: Settled, at: Date): Buffer {
  switch (outcome.state) {
    case "filed":
    case "filtered":
    case "purged":
      return buildAck(message, "AA", at);
    case "received":
    case "routed":
      // Durable but not done: the sender repeats, and the repeat is told the outcome.
      return buildAck(message, "AE", at, { code: INTERNAL, text: "not processed in time, send again" });
    case "held":
    case "failed":
      return buildAck(message, "AE", at, errorOf(outcome));
  }
}

function errorOf({ error = "could not be processed" }: Settled): AckError {
  const place = /\b([A-Z][A-Z0-9]{2})-(\d+)\b/.exec(error);
  if (!place?.[1]) return { code: INTERNAL, text: error };
  return { code: FIELD_MISSING, segment: place[1], field: Number(place[2]), text: error };
}

/** The answer when nothing could be stored: the sender must keep the message and repeat it. */
export function notStoredAck(message: ParsedMessage, at: Date): Buffer {
  const accept = acknowledgementsOf(message).accept;
  return buildAck(message, accept ? "CE" : "AE", at, { code: INTERNAL, text: "could not be stored, send again" });
}

/** The answer to bytes that are no HL7: nothing to swap, nothing to refer to. */
export function unreadableAck(at: Date): Buffer {
  const stamp = at.toISOString().replace(/[-:T]|\..*/g, "");
  const id = `NAK${stamp}`;
  return Buffer.from(
    `MSH|^~\\&|||||${stamp}+0000||ACK|${id}|P|2.5.1\rMSA|AR||unreadable\rERR||MSH^1|100^^HL70357|E||||not an HL7 v2 message\r`,
    "utf8",
  );
}
