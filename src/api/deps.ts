import type { RequestHandler } from "express";
import type { Clock } from "#src/message/clock.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { BlobStore } from "#src/seal/blobs/blob-store.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import type { PurgeRow } from "#src/store/sql/purge.ts";
import type { InboundEvent, Webhook, WebhookRequest } from "#src/sources/source.ts";
import type { Inspector } from "#src/attachments/inspector.ts";
import type { Terms } from "#src/decisions/terms.ts";
import type { ChannelStatus } from "#src/deployment/deployment.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { JournalAction, Who } from "#src/audit/journal.ts";
import type { AlertRule } from "#src/alerts/file.ts";
import type { AccessPort } from "./access-port.ts";
import type { Clearing } from "#src/clearing/clearing.ts";
import type { Clients } from "./clients.ts";
import type { Connections } from "./connections.ts";
import type { Live } from "./live.ts";
import type { MetricsRegistry } from "./routes/metrics.ts";

/** A channel's webhook together with the way into the engine. */
export interface WebhookDoor extends Webhook {
  /** Resolves once the event is durable, for every channel it concerns; a rejection means nothing was stored. */
  intake(event: InboundEvent, request: WebhookRequest): Promise<void>;
}

/** What the audit journal keeps of a request. `subject` is the id of what it was done to. */
export interface ApiJournalEntry {
  readonly action: JournalAction;
  readonly actor: string;
  /** Null where nobody in person stands behind it. */
  readonly who: Who | null;
  readonly subject: string;
  readonly detail: Record<string, string | number | boolean | null>;
}

export interface ChannelRetention {
  readonly id: string;
  readonly afterFiledMs: number;
  readonly hardMaxAgeMs: number;
  readonly unknownSenderMs: number;
}

export interface Readiness {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

/** Everything the HTTP side works with, handed in by the composition root. */
export interface ApiDeps {
  readonly store: Queryable & { transaction<T>(run: (db: Transaction) => Promise<T>): Promise<T> };
  readonly sealer: Pick<Sealer, "open">;
  readonly blindIndex: Pick<BlindIndex, "of">;
  readonly blobs: Pick<BlobStore, "read">;
  /** Makes pictures of strangers' files. */
  readonly inspector: Pick<Inspector, "image" | "heic">;
  readonly access: AccessPort;
  /** Absent: the channel does not run, or its source has no webhook. */
  webhook(channel: string): WebhookDoor | undefined;
  channels(): readonly ChannelStatus[];
  /** How long the running channels keep what they take in. */
  retention(): readonly ChannelRetention[];
  /** By which anybody checks certificates. */
  signingKeys(): readonly { readonly id: string; readonly publicKey: Buffer }[];
  readonly live: Live;
  /** Absent: no pages are served. */
  readonly pages?: RequestHandler;
  /** Of a decision made now. */
  terms(): Terms;
  /** The tasks of whoever decides who a stranger is. */
  readonly clearing: Clearing;
  /** What alerts there can be, as the file says now. */
  alertRules(): readonly Pick<AlertRule, "id" | "title" | "remedy">[];
  /** Newest first. */
  purges(limit: number): Promise<readonly PurgeRow[]>;
  /** Writes to the audit journal through `db`; what it refuses is not done or shown. */
  journal(entry: ApiJournalEntry, db: Transaction): Promise<void>;
  readonly metrics: MetricsRegistry;
  readonly clients: Clients;
  readonly connections: Pick<Connections, "received" | "judged">;
  ready(): Promise<Readiness>;
  /** Whether the disk has room for another event. */
  mayStore(): boolean | Promise<boolean>;
  /** Tells the channel's worker that there is something to do. */
  wake(channel: string): void;
  readonly now: Clock;
  readonly log: Log;
}
