import { createHash } from "node:crypto";
import type { Charset } from "#src/hl7/charset.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { MessageDraft } from "#src/message/message.ts";
import type { InboundEvent } from "../source.ts";
import { triggerOf } from "./judge.ts";
import type { MllpSourceConfig } from "./config.ts";

/** One lane for the whole feed: what an ADT says of several patients (merges, moves) only makes sense in order. */
const CONVERSATION = "feed";

/** The message in a frame, or why its bytes are none. */
export function readFrame(raw: Buffer, charset: Charset | undefined): ParsedMessage | Unreadable {
  try {
    return parseHl7(raw, charset);
  } catch (error) {
    if (error instanceof BotenstoffError) return { unreadable: error.message };
    throw error;
  }
}

export interface Unreadable {
  /** One of our own error texts: nothing of the frame is in it. */
  readonly unreadable: string;
}

/** Cuts the one message out of a frame; bytes that are no HL7 become one held draft. */
export function draftOf(
  event: InboundEvent,
  message: ParsedMessage | Unreadable,
  order: MllpSourceConfig["order"],
): MessageDraft {
  const sha256 = createHash("sha256").update(event.raw).digest("hex");
  if ("unreadable" in message) {
    return {
      externalId: `sha256:${sha256}`,
      content: { kind: "unknown", sourceKind: "hl7" },
      conversation: CONVERSATION,
      sentAt: event.receivedAt,
      raw: event.raw.toString("base64"),
      hold: "malformed",
    };
  }
  const [application, facility, controlId] = [3, 4, 10].map((field) => message.value("MSH", field));
  return {
    // The hash tells a repeat from another message under a control id used twice.
    externalId: `${application}|${facility}|${controlId}#${sha256}`,
    content: {
      kind: "hl7",
      text: message.text,
      trigger: `${message.value("MSH", 9)}^${triggerOf(message)}`,
    },
    conversation: order === "patient" ? patientOf(message) : CONVERSATION,
    sentAt: sentAt(message) ?? event.receivedAt,
    raw: null,
  };
}

/** The lane of one patient; messages that name none share the feed's. */
function patientOf(message: ParsedMessage): string {
  const identifier = message.raw("PID", 3);
  return identifier === "" ? CONVERSATION : `patient:${identifier}`;
}

/** MSH-7 with an offset; without one the sender's zone is unknown and the time of receipt says more. */
function sentAt(message: ParsedMessage): string | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?([+-]\d\d)(\d\d)$/.exec(message.value("MSH", 7));
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second = "00", zone, zoneMinutes] = match;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}:${zoneMinutes}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
