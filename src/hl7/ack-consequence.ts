import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import type { Ack, AckError } from "./ack.ts";

/** What an answer means for the message: taken, known later, later again, for a person, or for the whole destination. */
export const CONSEQUENCES = ["accept", "wait", "retry", "park", "stop"] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

const ERRORS: Readonly<Record<Exclude<Consequence, "accept">, ErrorCode>> = {
  wait: "PATIENT_NOT_YET_KNOWN",
  retry: "DESTINATION_BUSY",
  park: "DESTINATION_REFUSED",
  stop: "DESTINATION_REJECTS",
};
/** HL7 table 0357: 204 unknown key (the patient or case is not there yet), 206 record locked, 207 internal error. */
const PASSING: Readonly<Record<string, Consequence>> = { "204": "wait", "206": "retry", "207": "retry" };
const DUPLICATE = "205";
/** Table 0357: segment order, required field, data type, table value, duplicate key: about this message's content. */
const CONTENT = /^(?:10[0-3]|205)$/;
/** Receivers older than 2.5, and some younger ones, say only in words what is the matter (§2.9.2.1). */
const DOWN = /\b(?:down|busy|unavailable|not available|nicht verfügbar|nicht erreichbar|gesperrt)\b/i;
const UNKNOWN =
  /\b(?:patient(?:ennummer)?|fallnummer|visit number)\b[^.;]{0,40}?\b(?:nicht (?:gefunden|bekannt|vorhanden|angelegt)|unbekannt|not found|not known|unknown|does not exist)\b|\bunknown patient\b|\bunbekannter? patient\b/i;
const AGAIN =
  /duplicate|duplikat|doppelt|bereits (?:vorhanden|verarbeitet|empfangen|archiviert|importiert|bekannt)|already (?:exists|processed|received|imported|filed)/i;

export interface Expected {
  /** Whether MSH-16 asked for more than the accept acknowledgement. */
  readonly applicationAckDue: boolean;
  /** A reject (AR, CR) is about the configuration and stops the destination, or about the one message and parks it. */
  readonly onReject: "stop" | "park";
  /** The message may have arrived before: that it is there already is what we want to hear. */
  readonly repeated?: boolean;
  /** This receiver's own meanings, by error code (table 0357 or its own) or by MSA-1. */
  readonly answers?: Readonly<Record<string, Consequence>>;
}

/**
 * What an acknowledgement means for the sender (HL7 v2.5.1 §2.9.2–2.9.3): `done`, or `wait` for the application's own
 * acknowledgement after an accept one.
 * @throws BotenstoffError for AE, AR, CE and CR; ids and codes only, for texts of a KIS may be personal
 */
export function consequenceOf(ack: Ack, expected: Expected): "done" | "wait" {
  if (ack.code === "AA") return "done";
  if (ack.code === "CA") return expected.applicationAckDue ? "wait" : "done";
  const consequence = consequenceOfRefusal(ack, expected);
  if (consequence === "accept") return "done";
  const where = ack.errors
    .map(({ code, segment, field }) => [code, segment, field].filter(Boolean).join(" "))
    .filter((part) => part !== "")
    .join(", ");
  throw new BotenstoffError(
    ERRORS[consequence],
    `delivering by MLLP: answered ${ack.code}${where === "" ? "" : ` (${where})`}`,
    heard(ack),
  );
}

/** MSA-3, and ERR-8 of each error, as they came. */
function heard({ text, errors }: Ack): { said?: string } {
  const words = [text, ...errors.map((error) => error.text)].filter((one) => one !== "");
  return words.length === 0 ? {} : { said: [...new Set(words)].join("\n") };
}

function consequenceOfRefusal(ack: Ack, expected: Expected): Consequence {
  return (
    saidByCodes(ack.errors, expected) ??
    expected.answers?.[ack.code] ??
    saidInWords(ack, expected) ??
    saidByKind(ack, expected)
  );
}

/** What the codes say; repeating helps only when every error is one that passes. */
function saidByCodes(errors: readonly AckError[], { answers = {}, repeated }: Expected): Consequence | undefined {
  const own = errors.map(({ code }) => answers[code]);
  if (own.includes("stop")) return "stop";
  if (own.includes("park")) return "park";
  const said = errors.map((error) =>
    repeated && isDuplicate(error) ? "accept" : (answers[error.code] ?? PASSING[error.code]),
  );
  if (said.length === 0 || said.includes(undefined)) return undefined;
  return said.find((one) => one !== "accept") ?? "accept";
}

/** The control id or the document number is there already; a duplicate key elsewhere is somebody else's. */
function isDuplicate({ code, segment, field }: AckError): boolean {
  const place = segment === undefined ? "" : `${segment}-${field ?? ""}`;
  return code === DUPLICATE && ["", "MSH-", "MSH-10", "TXA-", "TXA-12"].includes(place);
}

function saidInWords({ code, text, errors }: Ack, { repeated }: Expected): Consequence | undefined {
  const words = [text, ...errors.map((error) => error.text)].join(" ");
  const coded = errors.some((error) => error.code !== "");
  if (!coded && repeated && AGAIN.test(words)) return "accept";
  if (!coded && UNKNOWN.test(words)) return "wait";
  return (code === "AR" || code === "CR") && DOWN.test(words) ? "retry" : undefined;
}

function saidByKind({ code, errors }: Ack, { onReject }: Expected): Consequence {
  if (code === "AE" || code === "CE" || onReject === "park") return "park";
  return errors.some((error) => CONTENT.test(error.code)) ? "park" : "stop";
}
