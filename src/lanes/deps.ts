import type { Clock } from "#src/message/clock.ts";
import type { Store } from "#src/store/data-source.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import type { Permits } from "./permits.ts";

/** What lanes are worked with: no channel, no message, no connector. */
export interface LaneDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long a claimed lane belongs to an engine that does not say anything more. */
  readonly leaseMs: number;
  /** Names this engine process in lane rows. */
  readonly owner: string;
  /** Through which whatever is suspect goes, one at a time (`suspicion.ts`). */
  readonly examination: Permits;
}
