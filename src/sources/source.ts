import type { Log } from "#src/telemetry/log.ts";
import type { ConnectorGauge, ConnectorLabels } from "#src/telemetry/metric-list.ts";
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Proxy } from "#src/wire/http/proxy.ts";
import type { AttachmentReference } from "#src/message/attachment.ts";
import type { ErrorCode } from "#src/message/error-code.ts";
import type { MessageDraft } from "#src/message/message.ts";
import type { NoticeDraft } from "#src/message/notice.ts";
import type { MessageId } from "#src/message/id.ts";
import type { MessageState } from "#src/message/state.ts";

/** One raw inbound unit, bytes untouched. */
export interface InboundEvent {
  readonly raw: Buffer;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
}

/** What an event consists of: what people said, and what the provider tells operators. Together, all of it. */
export interface Cut {
  readonly messages: readonly MessageDraft[];
  readonly notices: readonly NoticeDraft[];
}

/** The engine's answer to an event: durable once this is resolved. */
export interface Accepted {
  /** The messages cut from the event, in order; `duplicate` when the engine already knew it. */
  readonly messages: readonly { readonly id: MessageId; readonly duplicate: boolean }[];
  /**
   * Resolves with the state a message has reached as soon as it has left `received` and `routed`, or after the time;
   * `at` is since when (ISO 8601 UTC). Survives restart and purge, so that a repeat is told the same.
   * For sources whose acknowledgement must say what became of the message (MLLP).
   */
  readonly settled: (
    id: MessageId,
    timeoutMs: number,
  ) => Promise<{ state: MessageState; at?: string; error?: string; code?: ErrorCode }>;
}

/**
 * Handed to a source. Resolves only after the commit; a rejection means nothing was stored and the sender must retry.
 * `cut` is what `Source.split` cut from the event.
 */
export type Accept = (event: InboundEvent, cut: Cut) => Promise<Accepted>;

/** A webhook request, before anything in it is believed. Header names are lower-case. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly query: URLSearchParams;
  readonly raw: Buffer;
  /** Common name of the client certificate, verified by the engine's own TLS or told by a trusted proxy. */
  readonly certificateName?: string;
}

/** The HTTP side of a source that is called by webhook. */
export interface Webhook {
  /** The client certificate's common name every request must come with; absent: none is asked for. */
  readonly clientName?: string;
  /** Answers the provider's GET verification: the text to echo, or undefined to refuse (403). */
  challenge(query: URLSearchParams): string | undefined;
  /** Whether the raw bytes are authentic. Constant time; looks at nothing inside the body. */
  authenticate(request: WebhookRequest): boolean;
}

/** An open listening socket. */
export interface Listener {
  readonly port: number;
  /** Stops accepting, lets what is in flight finish, closes. */
  close(): Promise<void>;
}

/** The bytes of an attachment while they stream in. */
export interface FetchedAttachment {
  readonly body: Readable;
  /** MIME type the provider announced with the bytes. */
  readonly declaredType?: string;
  /** SHA-256 the provider announced, lower-case hex. */
  readonly announcedSha256?: string;
}

export interface Source {
  /** Cuts an event. Pure and total: bytes it cannot read become one draft with `hold: "malformed"`. */
  split(event: InboundEvent): Cut;
  /**
   * Whom events for this channel are addressed to, e.g. "whatsapp:106540352242922". What an event of another channel
   * addresses to it is handed over, if `webhook.authenticate` holds for that event too.
   */
  readonly address?: string;
  readonly webhook?: Webhook;
  /** Opens the source's own socket, where it has one. */
  listen?(accept: Accept): Promise<Listener>;
  /**
   * Fetches an attachment. Throws BotenstoffError MEDIA_*; the stream itself may fail with the same errors
   * (MEDIA_TOO_LARGE once the limit is passed).
   */
  fetch?(reference: AttachmentReference, signal: AbortSignal): Promise<FetchedAttachment>;
  /**
   * Deletes an attachment at the provider, who keeps a copy until then. Resolves as well when it is already gone.
   * Throws BotenstoffError MEDIA_UNAUTHORIZED, MEDIA_UNAVAILABLE.
   */
  forget?(reference: AttachmentReference, signal: AbortSignal): Promise<"deleted" | "gone">;
  /** For `dry-run`: reaches out without leaving a trace; throws a BotenstoffError naming what does not work. */
  check(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface SourceContext {
  readonly channel: string;
  /** Structured, without personal data. */
  readonly log: Log;
  /** Counts something worth a metric. */
  count(event: string, by?: number): void;
  /** Offers a value to be read at every scrape; `undefined` leaves it out, offering it again replaces it. */
  gauge(name: ConnectorGauge, labels: ConnectorLabels, read: () => number | undefined): void;
  /** What the environment says of proxies; absent where it names none. */
  readonly proxy?: Proxy;
}

/** A kind of source: one folder, one line in index.ts. */
export interface SourceSpec<Config = unknown> {
  readonly type: string;
  /** What people call it, in the chart too. */
  readonly name: string;
  readonly summary: string;
  /** Whether it has a port of its own, which one engine at a time can hold. */
  readonly listens: boolean;
  /** Strict object including `type: z.literal(...)`; every field `.describe()`d, times with their unit in the name. */
  readonly config: z.ZodType<Config>;
  open(config: Config, context: SourceContext): Source;
}
