import { kindOfError } from "#src/message/error-code.ts";
import type { RetentionDeps } from "./deps.ts";
import { beginRenewal, forgetDeleted, renewDirectory } from "./directory.ts";
import { forgetSilent, limitedChannels, restrict, type ChannelList } from "./limits.ts";
import { Overdue } from "./overdue.ts";
import { purgeDue } from "./purge.ts";
import { createTrustedClock } from "./trusted-clock.ts";

const A_SECOND_MS = 1_000;
const A_MINUTE_MS = 60_000;
const SHORT_EPOCH_MS = 3_600_000;

/**
 * Purges and restricts on schedule: every minute, every second where epochs are shorter than an hour (a demo). Several
 * engines may run it; each step is safe against the others.
 */
export function startSchedule(deps: RetentionDeps, channels: ChannelList): { stop(): Promise<void> } {
  const trusted = createTrustedClock(deps);
  deps.metrics.gauge("retention_behind_seconds", {}, () => trusted.behindMs() / 1_000);
  const overdue = new Overdue();
  deps.metrics.gauge("purge_overdue_seconds", {}, () => overdue.seconds());
  let due: Date | undefined;
  deps.metrics.gauge("restriction_due_seconds", {}, () => due && (due.getTime() - deps.clock()) / 1_000);
  let running: Promise<void> | undefined;
  let told = false;
  const renewal = beginRenewal();
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
    await attempt(() => purgeDue(then, (epochs) => overdue.left(epochs)));
    const limited = await limitedChannels(then, channels);
    await attempt(async () => {
      due = await restrict(then, limited);
    });
    await attempt(() => forgetSilent(then, limited));
    await attempt(() => forgetDeleted(then));
    await attempt(() => renewDirectory(then, renewal));
  };
  let late = false;
  const tick = () => {
    // A round that takes longer than the pause between two is not followed by a queue of others, and told once.
    if (running && !late) deps.log("warn", "retention.late");
    late = running !== undefined;
    running ??= attempt(round).finally(() => (running = undefined));
  };
  const tellIfBehind = (behindMs: number) => {
    const behind = behindMs > A_MINUTE_MS;
    if (behind && !told) deps.log("error", "retention.behind", { behind_seconds: Math.round(behindMs / 1_000) });
    told = behind;
  };
  // By the monotonic clock: one that is set must neither hold a round back nor make up for a day of them.
  const timer = setInterval(tick, deps.epochLengthMs < SHORT_EPOCH_MS ? A_SECOND_MS : A_MINUTE_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
