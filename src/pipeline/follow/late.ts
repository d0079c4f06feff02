import { kindOfError } from "#src/message/error-code.ts";
import type { PipelineDeps } from "../deps.ts";
import { fetchLate } from "./fetch-late.ts";
import { tellCharts } from "./tell-charts.ts";

const EVERY_MS = 1_000;

/**
 * Follows what messages went on without: asks for it in the background, and files it as an addendum. The work is rows in the
 * database, so it survives a restart; fetching and telling do not wait for each other.
 */
export function startFollowingLate(deps: PipelineDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const following = [roundsOf(deps, () => fetchLate(deps, stopping.signal)), roundsOf(deps, () => tellCharts(deps))];
  const timer = setInterval(() => {
    for (const one of following) one.look();
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      for (const one of following) await one.ended();
    },
  };
}

/** One round at a time. */
function roundsOf(deps: PipelineDeps, round: () => Promise<unknown>) {
  let running: Promise<void> | undefined;
  return {
    look: () => {
      running ??= look(deps, round).finally(() => (running = undefined));
    },
    ended: async () => running,
  };
}

async function look(deps: PipelineDeps, round: () => Promise<unknown>): Promise<void> {
  try {
    await round();
  } catch (error) {
    deps.log("warn", "attachment.follow_failed", { error: kindOfError(error) });
  }
}
