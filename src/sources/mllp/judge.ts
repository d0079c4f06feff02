import type { AckError } from "#src/hl7/ack.ts";
import { DELETED } from "#src/hl7/cx.ts";
import { dateOf } from "#src/hl7/instant.ts";
import type { ParsedMessage } from "#src/hl7/parse.ts";
import type { MllpSourceConfig } from "./config.ts";

/** HL7 table 0357. */
const UNSUPPORTED_TYPE = "200";
const UNSUPPORTED_EVENT = "201";
const UNSUPPORTED_PROCESSING = "202";
const UNSUPPORTED_VERSION = "203";
const DATA_TYPE = "102";

const KNOWN_TRIGGER = /^A(0[1-9]|[1-5]\d|6[0-2])$/;
/** A code of three characters, as types and triggers are: what is written otherwise is a mistake, not of another kind. */
const OTHER_TYPE = /^(?!ADT)[A-Z][A-Z0-9]{2}$/;
const OTHER_TRIGGER = /^[A-Z]\d\d$/;
/** Nobody alive was born before. */
const OLDEST = "1890-01-01";

/** Whether a message is an acknowledgement itself: it is never acknowledged, or two engines would not end (§2.9). */
export function isAcknowledgement(message: ParsedMessage): boolean {
  // As it stands: it may be longer than anybody should split.
  const type = message.raw("MSH", 9).slice(0, 16).trimStart().toUpperCase();
  return /^(ACK|MCF)\b/.test(type) || (!type.startsWith("ADT") && message.segments.includes("MSA"));
}

export interface Refusal extends AckError {
  /** Of no interest rather than wrong, where the channel says so: acknowledged, not taken. */
  readonly ignored: boolean;
}

type Rules = Pick<MllpSourceConfig, "unknown_trigger" | "other_types" | "processing_ids" | "on_misfit">;

/**
 * Why a message is refused before anything is stored (HL7 v2.5.1 §2.9.2.2); undefined lets it in. A message that is
 * written wrongly is always refused, whatever the channel does with what does not concern it.
 */
export function refusalOf(message: ParsedMessage, rules: Rules): Refusal | undefined {
  const type = message.value("MSH", 9);
  if (type !== "ADT") {
    const ignored = rules.other_types === "acknowledge" && OTHER_TYPE.test(type);
    return refused(UNSUPPORTED_TYPE, 9, "only ADT messages are taken here", ignored);
  }
  const version = message.value("MSH", 12);
  if (version !== "" && !/^2\.[1-9](\.\d+)?$/.test(version)) {
    return refused(UNSUPPORTED_VERSION, 12, "only versions 2.1 to 2.9 are taken");
  }
  const processing = message.value("MSH", 11);
  if (processing !== "" && !(rules.processing_ids as readonly string[]).includes(processing)) {
    const taken = rules.processing_ids.join(", ");
    return refused(UNSUPPORTED_PROCESSING, 11, `only messages with the processing id ${taken} are taken here`);
  }
  if (message.misfit && rules.on_misfit === "refuse") {
    return refused(DATA_TYPE, 18, "the bytes are not in the character set MSH-18 names");
  }
  const trigger = triggerOf(message);
  if (KNOWN_TRIGGER.test(trigger)) return undefined;
  const ignored = rules.unknown_trigger === "acknowledge" && OTHER_TRIGGER.test(trigger);
  return refused(UNSUPPORTED_EVENT, 9, "no trigger event of the standard", ignored);
}

/** The event: MSH-9.2, or EVN-1, which named it before MSH-9 did (v2.1). */
export function triggerOf(message: ParsedMessage): string {
  return message.value("MSH", 9, 2) || message.value("EVN", 1);
}

/** What is taken although it is not as it should be; the sender is told. */
export function warningsOf(message: ParsedMessage, today: Date): AckError[] {
  const patients = message.segments.filter((name) => name === "PID");
  const impossible = patients.some((_, nth) => isImpossible(message.value("PID", 7, 1, nth), today));
  return [
    ...(impossible ? [warning("PID", 7, "no date a person can be born on; it was not taken over")] : []),
    ...(message.misfit === "unreadable" ? [warning("MSH", 18, "some characters are not in this character set")] : []),
  ];
}

/** A year or a month alone is less than a day, and no mistake. */
function isImpossible(text: string, today: Date): boolean {
  if (text === "" || text === DELETED || /^\d{4}(0[1-9]|1[0-2])?$/.test(text)) return false;
  const date = dateOf(text);
  return date === undefined || date < OLDEST || date > dayAfter(today);
}

function dayAfter(today: Date): string {
  return new Date(today.getTime() + 86_400_000).toISOString().slice(0, 10);
}

function refused(code: string, field: number, text: string, ignored = false): Refusal {
  return { code, segment: "MSH", field, text, ignored };
}

function warning(segment: string, field: number, text: string): AckError {
  return { code: DATA_TYPE, segment, field, text };
}
