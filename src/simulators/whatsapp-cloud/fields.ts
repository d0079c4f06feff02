import { fieldBody } from "./payload.ts";
import type { KindPart } from "./kinds.ts";

/** The number of the hospital's phone in every simulated webhook (`display_phone_number`). */
const HOSPITAL = "4930901820";

export interface EchoInput {
  readonly to: string;
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** What the hospital's own phone sent, on a number that app and API share. */
export function echoBody(phoneNumberId: string, { to, id, timestamp }: EchoInput, part: KindPart) {
  const echo = { from: HOSPITAL, to, id, timestamp: String(timestamp), ...part };
  return fieldBody(phoneNumberId, "smb_message_echoes", { message_echoes: [echo] });
}

export interface HistoryLine {
  readonly by: "patient" | "hospital";
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly part: KindPart;
}

/** What the phone hands over of the time before it was connected: one conversation. */
export function historyBody(phoneNumberId: string, waId: string, lines: readonly HistoryLine[]) {
  const messages = lines.map(({ by, id, timestamp, part }) => ({
    ...(by === "patient" ? { from: waId } : { from: HOSPITAL, to: waId }),
    id,
    timestamp: String(timestamp),
    ...part,
    history_context: { status: "READ" },
  }));
  const history = [{ metadata: { phase: 0, chunk_order: 1, progress: 55 }, threads: [{ id: waId, messages }] }];
  return fieldBody(phoneNumberId, "history", { history });
}

export interface CallInput {
  readonly by: "patient" | "hospital";
  readonly phone: string;
  readonly id: string;
  readonly event: "connect" | "terminate";
  /** Unix seconds. */
  readonly timestamp: number;
  readonly durationSeconds?: number;
}

export function callBody(phoneNumberId: string, { by, phone, id, event, timestamp, durationSeconds }: CallInput) {
  const [from, to] = by === "patient" ? [phone, HOSPITAL] : [HOSPITAL, phone];
  const direction = by === "patient" ? "USER_INITIATED" : "BUSINESS_INITIATED";
  const duration = durationSeconds === undefined ? {} : { duration: durationSeconds, status: "COMPLETED" };
  const call = { id, from, to, event, direction, timestamp: String(timestamp), ...duration };
  return fieldBody(phoneNumberId, "calls", { calls: [call], contacts: [{ wa_id: phone }] });
}
