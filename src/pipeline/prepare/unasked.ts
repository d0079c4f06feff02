import { kindOfError } from "#src/message/error-code.ts";
import { letInUnasked } from "#src/store/sql/unasked.ts";
import type { PipelineDeps } from "../deps.ts";
import type { RunningChannel } from "../running-channel.ts";

const EVERY_MS = 5_000;
/** After so long without a question one message is let in to ask. */
const QUIET_MS = 60_000;
/** What was asked just before the answers began may have been held just after. */
const MARGIN_MS = 60_000;

/**
 * Lets messages that were held because a look-up did not answer in again, all of them once it answers, and one to ask where
 * nobody else does. What was held since it answers concerns its own number: that one waits for a person.
 */
export function watchUnasked(
  deps: Pick<PipelineDeps, "store" | "log" | "clock">,
  channels: () => readonly RunningChannel[],
  everyMs = EVERY_MS,
): { stop(): Promise<void> } {
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => look(deps, channels()));
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

async function look(
  { store, log, clock }: Pick<PipelineDeps, "store" | "log" | "clock">,
  channels: readonly RunningChannel[],
): Promise<void> {
  for (const { id: channel, lookup } of channels) {
    if (!lookup) continue;
    const since = lookup.answersSince();
    if (since === undefined && lookup.askedWithin(QUIET_MS)) continue;
    const which = since === undefined ? { most: 1 } : { heldBefore: new Date(since + MARGIN_MS) };
    try {
      const count = await letInUnasked(store, channel, which, new Date(clock()));
      if (count > 0) log("info", "lookup.let_in", { channel, count });
    } catch (error) {
      log("warn", "lookup.look_failed", { channel, error: kindOfError(error) });
    }
  }
}
