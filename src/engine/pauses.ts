import { kindOfError } from "#src/message/error-code.ts";
import type { Deployment } from "#src/deployment/deployment.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { forgetPauses, listPauses } from "#src/store/sql/pauses.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";

const LOOK_EVERY_MS = 1_000;
const FORGET_EVERY = 3_600;

interface PauseDeps {
  readonly store: Queryable;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "gauge">;
}

/** Has this engine stop and go on with channels as people say on any engine. Awaited once before any channel begins. */
export async function watchPauses(
  { store, clock, log, metrics }: PauseDeps,
  deployment: Pick<Deployment, "pause">,
): Promise<{ stop(): Promise<void> }> {
  let paused: ReadonlySet<string> = new Set();
  let looks = 0;
  let quiet = false;
  const look = async () => {
    try {
      const now = new Date(clock());
      const pauses = await listPauses(store, now);
      for (const { channel } of pauses) {
        metrics.gauge("channel_paused", { channel }, () => (paused.has(channel) ? 1 : 0));
      }
      paused = new Set(pauses.map(({ channel }) => channel));
      if (looks % FORGET_EVERY === 0) await forgetPauses(store, now);
      looks += 1;
      quiet = false;
    } catch (error) {
      if (!quiet) log("warn", "pauses.unread", { error: kindOfError(error) });
      quiet = true;
    }
    await deployment.pause(paused);
  };
  await look();
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, LOOK_EVERY_MS).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
