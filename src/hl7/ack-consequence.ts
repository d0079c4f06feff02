import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import type { Ack } from "./ack.ts";

/** HL7 table 0357: 204 unknown key (the patient or case is not there yet), 206 record locked, 207 internal error. */
const PASSING: Readonly<Record<string, ErrorCode>> = {
  "204": "PATIENT_NOT_YET_KNOWN",
  "206": "DESTINATION_BUSY",
  "207": "DESTINATION_BUSY",
};
/** Table 0357: segment order, required field, data type, table value, duplicate key: about this message's content. */
const CONTENT = /^(?:10[0-3]|205)$/;
/** Receivers older than 2.5 say only in words that they are down; a reject is not about content then (§2.9.2.1). */
const DOWN = /\b(?:down|busy|unavailable|not available|nicht verfügbar|nicht erreichbar|gesperrt)\b/i;

export interface Expected {
  /** Whether MSH-16 asked for more than the accept acknowledgement. */
  readonly applicationAckDue: boolean;
  /** A reject (AR, CR) is about the configuration and stops the destination, or about the one message and parks it. */
  readonly onReject: "stop" | "park";
}

/**
 * What an acknowledgement means for the sender (HL7 v2.5.1 §2.9.2–2.9.3): `done`, or `wait` for the application's own
 * acknowledgement after an accept one.
 * @throws BotenstoffError for AE, AR, CE and CR; ids and codes only, for texts of a KIS may be personal
 */
export function consequenceOf(ack: Ack, { applicationAckDue, onReject }: Expected): "done" | "wait" {
  if (ack.code === "AA") return "done";
  if (ack.code === "CA") return applicationAckDue ? "wait" : "done";
  const where = ack.errors
    .map(({ code, segment, field }) => [code, segment, field].filter(Boolean).join(" "))
    .filter((part) => part !== "")
    .join(", ");
  throw new BotenstoffError(
    refusalOf(ack, onReject),
    `delivering by MLLP: answered ${ack.code}${where === "" ? "" : ` (${where})`}`,
  );
}

/** Repeating helps only when every error is one that passes. */
function refusalOf({ code, text, errors }: Ack, onReject: Expected["onReject"]): ErrorCode {
  const passing = errors.map((error) => PASSING[error.code]);
  const [first] = passing;
  if (first !== undefined && !passing.includes(undefined)) return first;
  if (code === "AE" || code === "CE") return "DESTINATION_REFUSED";
  if ([text, ...errors.map((error) => error.text)].some((words) => DOWN.test(words))) return "DESTINATION_BUSY";
  if (onReject === "park" || errors.some((error) => CONTENT.test(error.code))) return "DESTINATION_REFUSED";
  return "DESTINATION_REJECTS";
}
