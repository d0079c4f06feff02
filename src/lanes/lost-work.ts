import { kindOfError } from "#src/message/error-code.ts";
import { openLanes } from "#src/store/sql/lanes.ts";
import { findLostWork } from "#src/store/sql/lost-work.ts";
import type { LaneDeps } from "./deps.ts";

const EVERY_MS = 60_000;
const AT_ONCE = 1_000;

type LostWorkDeps = Pick<LaneDeps, "store" | "log" | "metrics">;

/**
 * The safety net under the lanes: once a minute, work that no lane holds gets one again, loudly. It should never find
 * any (I1): a message nobody takes up looks like any other that waits.
 */
export function watchForLostWork(deps: LostWorkDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => look(deps));
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

async function look({ store, log, metrics }: LostWorkDeps): Promise<void> {
  try {
    const lost = await findLostWork(store.reading, AT_ONCE);
    if (lost.length === 0) return;
    await openLanes(store, lost);
    for (const { channel, stage, count } of lost) {
      metrics.count("lanes_reopened", { channel, stage });
      log("error", "lane.reopened", { channel, stage, count });
    }
  } catch (error) {
    log("warn", "lane.look_failed", { error: kindOfError(error) });
  }
}
