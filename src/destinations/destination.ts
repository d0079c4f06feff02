import type { Log } from "#src/telemetry/log.ts";
import type { ConnectorGauge, ConnectorLabels } from "#src/telemetry/metric-list.ts";
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Proxy } from "#src/wire/http/proxy.ts";
import type { MessageId } from "#src/message/id.ts";
import type { Fit, OutputKind } from "#src/message/mapping.ts";
import type { DirectoryChange } from "#src/message/directory.ts";

/** One rendered message on its way out. */
export interface Job<Output = unknown> {
  readonly messageId: MessageId;
  /** What the mapping made. */
  readonly output: Output;
  /** Names the lane without telling whose it is: what must arrive in order has the same one. */
  readonly lane: string;
  /** An attempt before this one may have arrived. */
  readonly repeated?: boolean;
  /** What the mapping makes of it so that it fits; absent where nobody can say. */
  fitted?(fit: Fit): Output;
  /** Streams an attachment's plain bytes; opened anew for every attempt. */
  openBlob(attachmentId: string): Readable;
}

/** What the destination answered. Goes into the store sealed. */
export interface Receipt {
  /** Lower-case hex SHA-256 of the exact bytes sent: a resend must have the same. */
  readonly sentSha256: string;
  /** What came back: the ACK's fields, the HTTP status and resource ids. JSON, no attachment bytes. */
  readonly answer: unknown;
  /** Where what was sent had to be made to fit: how. */
  readonly fit?: Fit;
}

/** Result of the independent read. */
export type Confirmation =
  | { readonly state: "confirmed"; readonly evidence: unknown }
  | { readonly state: "missing"; readonly detail: string }
  | { readonly state: "mismatch"; readonly detail: string };

export interface Destination {
  /** Sends and resolves with the receipt when accepted. Throws BotenstoffError (transient | ambiguous | permanent). */
  send(job: Job, signal: AbortSignal): Promise<Receipt>;
  /** Reads back, over a request of its own, what `send` filed. Absent where the destination has no read path. */
  confirm?(job: Job, receipt: Receipt, signal: AbortSignal): Promise<Confirmation>;
  /** For `dry-run`: reaches out without leaving a trace; throws a BotenstoffError naming what does not work. */
  check(signal: AbortSignal): Promise<void>;
  /** Connections the destination serves at once; lanes beyond it wait. */
  readonly concurrency: number;
  close(): Promise<void>;
}

/** What became of a change of the directory: an older or repeated message leaves it unchanged. */
export interface AppliedChange {
  readonly outcome: "changed" | "unchanged" | "ignored";
  readonly evidence: unknown;
  /** Phone numbers that were taken from their patients, and that went to others. */
  readonly numbers?: { readonly lost: number; readonly moved: number };
}

export interface DestinationContext {
  readonly channel: string;
  readonly destination: string;
  /** Structured, without personal data. */
  readonly log: Log;
  /** Counts something worth a metric, e.g. an ACK code. */
  count(event: string, by?: number): void;
  /** Offers a value to be read at every scrape; `undefined` leaves it out, offering it again replaces it. */
  gauge(name: ConnectorGauge, labels: ConnectorLabels, read: () => number | undefined): void;
  /** What the environment says of proxies; absent where it names none. */
  readonly proxy?: Proxy;
  /** Applies a change to the engine's own directory; resolves after the commit. Only the `directory` destination uses it. */
  applyToDirectory(change: DirectoryChange, messageId: MessageId): Promise<AppliedChange>;
}

/** A kind of destination: one folder, one line in index.ts. */
export interface DestinationSpec<Config = unknown> {
  readonly type: string;
  readonly summary: string;
  /** What mappings for it must make. */
  readonly takes: OutputKind;
  /** Whether `confirm` exists: a channel needs one such destination, or an ack-only waiver. */
  readonly confirms: boolean;
  /** Strict object of the connector's own fields including `type`; `id`, `mapping`, `with` are added by the channel. */
  readonly config: z.ZodType<Config>;
  /** What would be wrong with every message that is made like this one; for lint. */
  faults?(output: unknown, config: Config): readonly OutputFault[];
  open(config: Config, context: DestinationContext): Destination;
}

/** What a mapping's output lacks, and where. */
export interface OutputFault {
  readonly field: string;
  readonly message: string;
}
