import type { MessageId } from "./id.ts";
import type { Message } from "./message.ts";

/**
 * Where a message stands in the document of its conversation and day. It is decided when the message is routed and never
 * again, so that a retry draws the same document.
 */
export interface DayPosition {
  /** The message the document began with: it gives the document its number. */
  readonly document: MessageId;
  /** From 1; each message makes the next one. */
  readonly version: number;
  /** How many messages of the day are in no version of this document. */
  readonly elsewhere: number;
}

/** The same with what was said before, oldest first; the document holds these and the message itself. */
export interface Day extends DayPosition {
  readonly earlier: readonly Message[];
}
