import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";
import { escalate } from "./escalate.ts";
import { sweepLinks, type SweepDeps } from "./sweep.ts";
import { bringUpToDate } from "./tasks.ts";

const EVERY_MS = 5_000;
const SWEEP_EVERY_MS = 600_000;

/** Keeps the tasks true between two looks at them, and does what time alone brings about. */
export function watchClearing(deps: SweepDeps & { readonly log: Log }, everyMs = EVERY_MS): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  let swept = -Infinity;
  const attempt = async (step: () => Promise<unknown>) => {
    try {
      await step();
    } catch (error) {
      deps.log("warn", "clearing.failed", { error: kindOfError(error) });
    }
  };
  const round = async () => {
    await attempt(() => bringUpToDate(deps));
    await attempt(() => escalate(deps));
    if (performance.now() - swept < SWEEP_EVERY_MS) return;
    swept = performance.now();
    await attempt(() => sweepLinks(deps));
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
