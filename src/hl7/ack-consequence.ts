import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import type { Ack } from "./ack.ts";

/** HL7 table 0357: 204 unknown key (the patient or case is not there yet), 206 record locked, 207 internal error. */
const BY_ERROR: Readonly<Record<string, ErrorCode>> = {
  "204": "PATIENT_NOT_YET_KNOWN",
  "206": "DESTINATION_BUSY",
  "207": "DESTINATION_BUSY",
};

/**
 * What an acknowledgement means for the sender (HL7 v2.5.1 §2.9.2–2.9.3): `done`, or `wait` for the application's own
 * acknowledgement after an accept one.
 * @param applicationAckDue whether MSH-16 asked for more than the accept acknowledgement
 * @throws BotenstoffError for AE, AR, CE and CR; ids and codes only, for texts of a KIS may be personal
 */
export function consequenceOf(ack: Ack, applicationAckDue: boolean): "done" | "wait" {
  if (ack.code === "AA") return "done";
  if (ack.code === "CA") return applicationAckDue ? "wait" : "done";
  const retry = ack.errors.map(({ code }) => BY_ERROR[code]).find((code) => code !== undefined);
  const where = ack.errors
    .map(({ code, segment, field }) => [code, segment, field].filter(Boolean).join(" "))
    .join(", ");
  throw new BotenstoffError(
    retry ?? "DESTINATION_REFUSED",
    `delivering by MLLP: answered ${ack.code}${where === "" ? "" : ` (${where})`}`,
  );
}
