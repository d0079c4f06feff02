import type { Clock } from "#src/message/clock.ts";
import type { BlobStore } from "#src/seal/blobs/blob-store.ts";
import type { Keyring } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Store } from "#src/store/data-source.ts";
import type { Epochs } from "#src/store/epochs.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { JournalAction } from "#src/audit/journal.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import type { Ledger } from "./ledger.ts";

/** What purging needs, handed in by the composition root. */
export interface RetentionDeps {
  readonly store: Store;
  readonly epochs: Epochs;
  readonly sealer: Sealer;
  readonly keyring: Keyring;
  readonly blobs: BlobStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Does not follow a clock that jumps. */
  readonly steady: Clock;
  readonly log: Log;
  /** Writes a line of the audit journal inside the caller's transaction. */
  journal(
    db: Transaction,
    action: JournalAction,
    subject: string,
    detail: Record<string, string | number>,
  ): Promise<void>;
  readonly metrics: Pick<Metrics, "count" | "gauge">;
  readonly epochLengthMs: number;
}
