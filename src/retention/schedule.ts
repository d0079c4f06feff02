import cron from "node-cron";
import { kindOfError } from "#src/message/error-code.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { forgetContacts } from "#src/store/sql/contacts.ts";
import { restrictOverdue } from "#src/store/sql/restrict.ts";
import type { RetentionDeps } from "./deps.ts";
import { purgeDue } from "./purge.ts";

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
  let running: Promise<void> | undefined;
  const round = async () => {
    try {
      await purgeDue(deps);
      await restrict(deps, channels());
      await forget(deps, channels());
    } catch (error) {
      deps.log("warn", "retention.failed", { error: kindOfError(error) });
    }
  };
  const tick = () => {
    // A round that takes longer than the pause between two is not followed by a queue of others.
    running ??= round().finally(() => (running = undefined));
  };
  const pattern = deps.epochLengthMs < SHORT_EPOCH_MS ? EVERY_SECOND : EVERY_MINUTE;
  const task = cron.schedule(pattern, tick, { logger: quiet(deps) });
  return {
    stop: async () => {
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
    deps.count("messages_restricted", { channel: id });
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
