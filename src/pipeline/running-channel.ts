import type { PdfPolicy } from "#src/message/attachment.ts";
import type { Language } from "#src/message/language.ts";
import type { ClearingPolicy } from "#src/channel/channel.ts";
import type { Requirement } from "#src/identity/resolve.ts";
import type { Mapping } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import type { Source } from "#src/sources/source.ts";
import type { Destination } from "#src/destinations/destination.ts";

/** A deployed channel with its connectors open: what the pipeline works with. */
export interface RunningChannel {
  readonly id: string;
  readonly language: Language;
  readonly source: Source;
  /** What people call the source. */
  readonly sourceName: string;
  readonly attachments: {
    /** MIME types of attachments that may be filed. */
    readonly allow: readonly string[];
    /** For so long a message waits for an attachment that cannot be fetched. */
    readonly patienceMs: number;
    readonly pdf: PdfPolicy;
  };
  /** The channel's filter; true lets the message through. */
  passes(message: Message): boolean;
  /** Absent: messages of this channel belong to nobody (an ADT feed). */
  readonly identity?: Requirement;
  /** Set where the channel asks the KIS whose a number is. */
  readonly lookup?: LookupState;
  readonly clearing: ClearingPolicy;
  readonly destinations: readonly RunningDestination[];
  readonly retention: {
    readonly afterFiledMs: number;
    readonly hardMaxAgeMs: number;
    readonly unknownSenderMs: number;
  };
  /** A signed ack-only waiver: files without a confirmation. */
  readonly ackOnly: boolean;
}

/** Whether a channel's look-up answers. */
export interface LookupState {
  /** How long a message waits for an answer. */
  readonly patienceMs: number;
  /** Since when it has answered without fail; undefined while it does not, or was not asked yet. */
  answersSince(): number | undefined;
  /** Whether it was asked within the time, in milliseconds. */
  askedWithin(ms: number): boolean;
}

export interface RunningDestination {
  readonly id: string;
  readonly destination: Destination;
  readonly mapping: Mapping;
  readonly params: unknown;
  /** What a permanent failure does to the conversation's lane. */
  readonly onPermanent: "park" | "skip";
  /** How long one message may stop its own conversation here; null: until a person acts. */
  readonly stopsForMs: number | null;
  /** How long it may take to show what it accepted. */
  readonly shownWithinMs: number;
}

/** Finds a running channel by id; it may be gone since the message arrived. */
export type Channels = (id: string) => RunningChannel | undefined;
