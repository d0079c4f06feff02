import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import {
  dropExpiredDeletions,
  finishDeletions,
  postponeDeletions,
  takeDeletions,
  type DueDeletion,
} from "#src/store/sql/media-deletion.ts";
import { backoff } from "#src/lanes/backoff.ts";
import type { PipelineDeps } from "../deps.ts";
import { Permits } from "#src/lanes/permits.ts";
import { place } from "#src/store/sealed/message.ts";
import { openAt } from "#src/store/sealed/place.ts";

const EVERY_MS = 1_000;
/** After a round that deleted something, what is filed meanwhile gathers: each round is two commits, however many it takes. */
const GATHERING_MS = 5_000;
const PER_ROUND = 500;
const AT_ONCE = 8;
const LEASE_MS = 60_000;
/** At most this long for one; none is begun when less is left of the lease. */
const ONE_MS = LEASE_MS / 2;
const RETRY_BASE_MS = 5_000;
export const RETRY_CAP_MS = 3_600_000;
/** Meta keeps what came in for at most 30 days; a copy noted before that is gone by itself. */
const PROVIDER_KEEPS_MS = 30 * 86_400_000;

/** Deletes the provider's copies of what has been filed. The work is rows in the database, so it survives a restart. */
export function startForgetting(deps: PipelineDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = run(deps, everyMs, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function run(deps: PipelineDeps, everyMs: number, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const taken = await round(deps, stopping);
    if (taken < PER_ROUND) await pause(taken === 0 ? everyMs : GATHERING_MS, stopping);
  }
}

/** @returns how many copies were due */
async function round(deps: PipelineDeps, stopping: AbortSignal): Promise<number> {
  try {
    for (const { channel, count } of await dropExpiredDeletions(deps.store, PROVIDER_KEEPS_MS)) {
      deps.log("warn", "media.deletion_expired", { channel, count });
    }
    const leasedUntil = performance.now() + LEASE_MS;
    const due = await takeDeletions(deps.store, PER_ROUND, LEASE_MS);
    const permits = new Permits(AT_ONCE);
    const outcomes = await Promise.all(
      due.map((deletion) =>
        permits.run(async () => {
          // What is not begun in time comes due again with the end of its lease.
          if (stopping.aborted || performance.now() > leasedUntil - ONE_MS) return "left";
          return forget(deps, deletion, stopping);
        }),
      ),
    );
    const became = (outcome: Outcome) => due.filter((_, index) => outcomes[index] === outcome);
    // What is not finished for a crash is asked for once more, and answered "gone".
    await finishDeletions(
      deps.store,
      became("gone").map(({ attachmentId }) => attachmentId),
    );
    await postponeDeletions(
      deps.store,
      became("failed").map(({ attachmentId, attempts }) => ({
        attachmentId,
        waitMs: backoff(attempts, RETRY_BASE_MS, RETRY_CAP_MS),
      })),
    );
    return due.length;
  } catch (error) {
    deps.log("warn", "media.deletion_failed", { error: kindOfError(error) });
    return 0;
  }
}

/** `left`: it was not tried, or the engine stops. */
type Outcome = "gone" | "failed" | "left";

async function forget(deps: PipelineDeps, deletion: DueDeletion, stopping: AbortSignal): Promise<Outcome> {
  const { attachmentId, channel } = deletion;
  const count = (outcome: string) => deps.metrics.count("media_deletions", { channel, outcome });
  try {
    const source = deps.channels(channel)?.source;
    if (!source?.forget) throw new BotenstoffError("MEDIA_UNAVAILABLE", "deleting media: its channel does not run");
    const reference = openAt(deps.sealer, place.deletion(attachmentId), deletion.sealed);
    count(await source.forget(reference, AbortSignal.any([stopping, AbortSignal.timeout(ONE_MS)])));
    return "gone";
  } catch (error) {
    if (stopping.aborted) return "left";
    count("failed");
    deps.log("warn", "media.deletion_failed", { attachment: attachmentId, channel, error: kindOfError(error) });
    return "failed";
  }
}

function pause(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stopping.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stopping.addEventListener("abort", done);
    if (stopping.aborted) done();
  });
}
