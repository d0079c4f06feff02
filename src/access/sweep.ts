import { actionsOf, JOURNAL_CLASSES } from "#src/audit/journal-class.ts";
import type { Clock } from "#src/message/clock.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { listBreakGlass } from "#src/store/sql/break-glass.ts";
import { nextTokenEnd } from "#src/store/sql/access-tokens.ts";
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

/** Forgets what has ended: sessions, and the names in the journal; tells of break-glass accounts and tokens. */
export function startSweep(deps: SweepDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  let open: number | undefined;
  deps.metrics.gauge("break_glass_open", {}, () => open);
  let tokenEnds: number | undefined;
  deps.metrics.gauge("token_expires_seconds", {}, () => tokenEnds && (tokenEnds - deps.now()) / 1_000);
  const round = async () => {
    try {
      open = (await listBreakGlass(deps.store, new Date(deps.now()))).length;
      tokenEnds = (await nextTokenEnd(deps.store, new Date(deps.now())))?.getTime();
      await deps.sweepSessions();
      await forgetByClass(deps);
    } catch (error) {
      open = undefined;
      tokenEnds = undefined;
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

/** No class keeps names for longer than all do. */
async function forgetByClass({ store, settings, now }: SweepDeps): Promise<void> {
  const { names_kept: longest, names_kept_of: shorter } = settings.journal;
  await forgetNames(store, new Date(now() - longest));
  for (const one of JOURNAL_CLASSES) {
    const kept = shorter[one];
    if (kept !== undefined) await forgetNames(store, new Date(now() - kept), actionsOf(one));
  }
}
