import { kindOfError } from "#src/message/error-code.ts";
import { unparkOverdue } from "#src/store/sql/lanes.ts";
import type { PipelineDeps } from "../deps.ts";
import type { RunningChannel } from "../running-channel.ts";

const EVERY_MS = 60_000;

/**
 * Lets lanes go on that a refused message has stopped for as long as its channel allows; the message stays failed. A day's
 * document is made version by version, so its lanes wait for a person.
 */
export function watchParkedLanes(
  deps: Pick<PipelineDeps, "store" | "log">,
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
  { store, log }: Pick<PipelineDeps, "store" | "log">,
  channels: readonly RunningChannel[],
): Promise<void> {
  try {
    for (const { id: channel, destinations } of channels) {
      for (const { id: destination, stopsForMs } of destinations) {
        if (stopsForMs === null) continue;
        const count = await unparkOverdue(store, { channel, stage: destination }, stopsForMs);
        if (count > 0) log("warn", "lane.goes_on", { channel, destination, count });
      }
    }
  } catch (error) {
    log("warn", "lane.look_failed", { error: kindOfError(error) });
  }
}
