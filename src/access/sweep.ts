import type { Clock } from "#src/message/clock.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { listBreakGlass } from "#src/store/sql/break-glass.ts";
import { forgetNames } from "#src/store/sql/journal.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import type { AccessSettings } from "./settings.ts";

const EVERY_MS = 60_000;

interface SweepDeps {
  readonly store: Queryable;
  readonly settings: AccessSettings;
  readonly metrics: Pick<Metrics, "gauge">;
  /** Forgets sessions past a limit. */
  sweepSessions(): Promise<void>;
  readonly now: Clock;
  readonly log: Log;
}

/** Forgets what has ended: sessions, and the names in the journal; counts break-glass accounts that are open. */
export function startSweep(deps: SweepDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  let open: number | undefined;
  deps.metrics.gauge("break_glass_open", {}, () => open);
  const round = async () => {
    try {
      open = (await listBreakGlass(deps.store, new Date(deps.now()))).length;
      await deps.sweepSessions();
      await forgetNames(deps.store, new Date(deps.now() - deps.settings.journal.names_kept));
    } catch (error) {
      open = undefined;
      deps.log("warn", "access.sweep_failed", { error: kindOfError(error) });
    }
  };
  let running = round();
  const timer = setInterval(() => {
    running = running.then(round);
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
