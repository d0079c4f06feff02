import { kindOfError } from "#src/message/error-code.ts";
import { bringForward, endLockWaits, readClock } from "#src/store/sql/bring-forward.ts";
import { PATIENT_CAP_MS } from "./deliver/deliver-turn.ts";
import type { PipelineDeps } from "./deps.ts";
import { RETRY_CAP_MS as DELETION_CAP_MS } from "./follow/forget.ts";

const EVERY_MS = 1_000;
/** Smaller steps only delay what they delay. */
const NOTICED_MS = 500;
/** A reading that took longer says too little about when it was taken to compare others with it. */
const PRECISE_MS = 250;
/** For so long after a step, transactions that began before it may still commit. */
const AFTERMATH_MS = 10_000;

type ClockDeps = Pick<PipelineDeps, "store" | "log" | "metrics" | "leaseMs">;

/** The database's clock less ours that never jumps: the true value lies in between. */
interface Offset {
  readonly least: number;
  readonly most: number;
}

/**
 * Lanes, confirmations and deletions wait by the database's clock, which every engine shares. When it is set back (NTP
 * corrects a clock that was ahead), they would wait for the length of the jump on top. So every engine compares it once a
 * second with its own monotonic clock, and after a step back makes due what waits. What was set back while no engine
 * ran is found at the start, if it lies further ahead than the longest wait there is.
 */
export function watchDatabaseClock(deps: ClockDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const { store, log, metrics, leaseMs } = deps;
  let known: Offset | undefined;
  let aftermathUntil = 0;

  async function look(): Promise<void> {
    try {
      const asked = performance.now();
      // Not in the pipeline's sessions: all of them may wait for locks.
      const clock = await readClock(store.reading);
      const answered = performance.now();
      const offset = { least: clock - answered, most: clock - asked };
      const back = known ? known.least - offset.most : 0;
      if (back > NOTICED_MS) await setBack(back);
      else if (!known || answered < aftermathUntil) await bringForward(store, longest(leaseMs));
      if (!known || back > NOTICED_MS || answered - asked < PRECISE_MS) known = offset;
    } catch (error) {
      log("warn", "clock.look_failed", { error: kindOfError(error) });
    }
  }

  async function setBack(byMs: number): Promise<void> {
    const ended = await endLockWaits(store.reading, 0);
    const brought = await bringForward(store, { waitMs: 0, deletionMs: 0, leaseMs });
    aftermathUntil = performance.now() + AFTERMATH_MS;
    metrics.count("database_clock_set_back", {});
    log("warn", "clock.database_set_back", { by_ms: Math.round(byMs), lock_waits: ended, ...brought });
  }

  let looking: Promise<void> | undefined;
  const tick = () => {
    looking ??= look().finally(() => (looking = undefined));
  };
  tick();
  const timer = setInterval(tick, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

/** What lies further ahead was put there by a clock that was. */
function longest(leaseMs: number) {
  return { waitMs: Math.max(leaseMs, PATIENT_CAP_MS), deletionMs: DELETION_CAP_MS, leaseMs };
}
