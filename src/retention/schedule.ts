import cron from "node-cron";
import { kindOfError } from "#src/message/error-code.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { forgetContacts } from "#src/store/sql/contacts.ts";
import { restrictOverdue } from "#src/store/sql/restrict.ts";
import type { RetentionDeps } from "./deps.ts";
import { purgeDue } from "./purge.ts";
import { createTrustedClock } from "./trusted-clock.ts";

const A_SECOND_MS = 1_000;
const A_MINUTE_MS = 60_000;
const EVERY_SECOND = "* * * * * *";
const EVERY_MINUTE = "0 * * * * *";
const SHORT_EPOCH_MS = 3_600_000;

/**
 * Purges and restricts on schedule: every minute, every second where epochs are shorter than an hour (a demo). Several
 * engines may run it; each step is safe against the others.
 */
export function startSchedule(
  deps: RetentionDeps,
  channels: () => readonly RunningChannel[],
): { stop(): Promise<void> } {
  const trusted = createTrustedClock(deps);
  deps.metrics.gauge("retention_behind_seconds", {}, () => trusted.behindMs() / 1_000);
  let running: Promise<void> | undefined;
  let told = false;
  const attempt = async (step: () => Promise<unknown>) => {
    try {
      await step();
    } catch (error) {
      deps.log("warn", "retention.failed", { error: kindOfError(error) });
    }
  };
  const round = async () => {
    const now = await trusted.now();
    tellIfBehind(trusted.behindMs());
    const then = { ...deps, clock: () => now };
    for (const step of [purgeDue, restrict, forget]) await attempt(() => step(then, channels()));
  };
  let ticked = performance.now();
  const tick = () => {
    ticked = performance.now();
    // A round that takes longer than the pause between two is not followed by a queue of others.
    running ??= attempt(round).finally(() => (running = undefined));
  };
  const tellIfBehind = (behindMs: number) => {
    const behind = behindMs > A_MINUTE_MS;
    if (behind && !told) deps.log("error", "retention.behind", { behind_seconds: Math.round(behindMs / 1_000) });
    told = behind;
  };
  const [pattern, pauseMs] =
    deps.epochLengthMs < SHORT_EPOCH_MS
      ? ([EVERY_SECOND, A_SECOND_MS] as const)
      : ([EVERY_MINUTE, A_MINUTE_MS] as const);
  const plan = () => cron.schedule(pattern, tick, { logger: quiet(deps) });
  let task = plan();
  // A clock that is set back keeps the task waiting for as long as it had been ahead: it is planned anew.
  const watchdog = setInterval(() => {
    if (performance.now() - ticked < 2 * pauseMs) return;
    void task.destroy();
    task = plan();
    tick();
  }, pauseMs);
  return {
    stop: async () => {
      clearInterval(watchdog);
      await task.destroy();
      await running;
    },
  };
}

/** node-cron writes to the console by itself; a round that comes late is worth a line of ours, no more. */
function quiet(deps: RetentionDeps) {
  const nothing = () => undefined;
  const late = () => deps.log("warn", "retention.late");
  return { info: nothing, debug: nothing, warn: late, error: late };
}

/** The hard maximum age (I4): never silently kept, never silently deleted. */
async function restrict(deps: RetentionDeps, channels: readonly RunningChannel[]): Promise<void> {
  for (const { id, retention } of channels) {
    const restricted = await restrictOverdue(deps.store, { channel: id, ...retention }, new Date(deps.clock()));
    if (restricted === 0) continue;
    deps.metrics.count("messages_restricted", { channel: id }, restricted);
    deps.log("error", "messages.restricted", { channel: id, count: restricted });
  }
}

/** Contacts nobody has heard of for the hard maximum age are forgotten; what waits of theirs stays in its conversation. */
async function forget(deps: RetentionDeps, channels: readonly RunningChannel[]): Promise<void> {
  for (const { id, retention } of channels) {
    const day = new Date(deps.clock() - retention.hardMaxAgeMs).toISOString().slice(0, 10);
    const forgotten = await forgetContacts(deps.store, id, day);
    if (forgotten > 0) deps.log("info", "contacts.forgotten", { channel: id, count: forgotten });
  }
}
