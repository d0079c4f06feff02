import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { ClearingDeps } from "./deps.ts";
import { bringUpToDate } from "./tasks.ts";

const EVERY_MS = 5_000;

type WatchDeps = ClearingDeps & { readonly log: Log };

/** Keeps the tasks true between two looks at them, and does what time alone brings about. */
export function watchClearing(deps: WatchDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const round = async () => {
    try {
      await bringUpToDate(deps);
    } catch (error) {
      deps.log("warn", "clearing.failed", { error: kindOfError(error) });
    }
  };
  const timer = setInterval(() => {
    running ??= round().finally(() => (running = undefined));
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
