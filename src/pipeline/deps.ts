import type { Clock } from "#src/message/clock.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { BlobStore } from "#src/seal/blob-store.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Store } from "#src/store/data-source.ts";
import type { Epochs } from "#src/store/epochs.ts";
import type { JournalAction } from "#src/audit/journal.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { Contacts } from "#src/identity/contacts.ts";
import type { Resolver } from "#src/identity/resolver.ts";
import type { Inspector } from "./attachment/inspector.ts";
import type { LargeGate } from "./attachment/large-gate.ts";
import type { Scanner } from "./attachment/scanner.ts";
import type { Channels } from "./running-channel.ts";

export type Log = (
  level: "info" | "warn" | "error",
  event: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void;

/** What the pipeline counts; ids of channels and destinations only. */
export interface PipelineMetrics {
  /** Seconds from receipt to acceptance at the destination. */
  observeDelivery(channel: string, destination: string, seconds: number): void;
  count(name: string, labels: Readonly<Record<string, string>>, by?: number): void;
  /** A value read at every scrape. */
  gauge(name: string, labels: Readonly<Record<string, string>>, read: () => number | undefined): void;
}

/** Everything the steps share, handed in by the composition root. */
export interface PipelineDeps {
  readonly store: Store;
  readonly epochs: Epochs;
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
  readonly blobs: BlobStore;
  /** Reads strangers' files in a process of its own. */
  readonly inspector: Inspector;
  /** Whether the disk has room for more. */
  mayStore(): Promise<boolean>;
  /** Bounds how many large attachments are fetched and judged at once. */
  readonly largeGate: LargeGate;
  /** Absent: attachments are not scanned for malware. */
  readonly scanner?: Scanner;
  readonly contacts: Contacts;
  readonly resolve: Resolver;
  readonly channels: Channels;
  readonly clock: Clock;
  /** From when on retention runs that begins now: the latest time there may be, so that it does not end early (I4). */
  readonly retainFrom: Clock;
  readonly log: Log;
  readonly metrics: PipelineMetrics;
  /** How long a claimed lane belongs to an engine that does not say anything more. */
  readonly leaseMs: number;
  /** Writes a line of the audit journal inside the caller's transaction. */
  journal(db: Transaction, action: JournalAction, subject: string, detail: Record<string, string>): Promise<void>;
  /** Names this engine process in lane rows. */
  readonly owner: string;
}
