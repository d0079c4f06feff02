import { LARGE_BYTES } from "#src/attachments/large-gate.ts";
import { backoff } from "#src/lanes/backoff.ts";
import { dayOf } from "../deliver/day.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import { patience } from "#src/lanes/patience.ts";
import type { Permits } from "#src/lanes/permits.ts";
import { prepare, type Prepared, type ToPrepare } from "./prepare.ts";
import type { Settle } from "../settle.ts";

const RETRY_BASE_MS = 500;
/** Short, so that attachments go on soon after Meta does. */
const RETRY_CAP_MS = 8_000;

/**
 * Prepares the messages of one lane in order. Text is settled before an attachment is fetched, so that a slow image
 * delays only what comes after it. A message that must wait ends the turn: nothing overtakes it.
 * @returns whether the lane holds more, due at once
 */
export async function prepareTurn(
  deps: PipelineDeps,
  settle: Settle,
  fetching: Permits,
  leased: Leased,
  works: readonly ToPrepare[],
): Promise<boolean> {
  let lane = leased.lane;
  const channel = deps.channels(lane.channel);
  // The next message of a day builds on what is written of this one.
  const daily =
    works.length > 1 && channel !== undefined && dayOf(channel, new Date(deps.clock()).toISOString()) !== undefined;
  let done: Prepared[] = [];
  let patienceMs = 0;
  for (const work of works) {
    // So does whatever comes after a later wording: it may be about the same message.
    const afterEdit = done.some(({ work: { row } }) => row.kind === "edit");
    if (done.length > 0 && (work.attachments.length > 0 || daily || afterEdit)) {
      const { ours, more } = await settle.prepared({
        turn: { ...lane, waitMs: null, retried: false, park: null },
        prepared: done,
        patienceMs,
      });
      // Given back for something in it that is to be decided again: what comes after that must not overtake it (I3).
      if (!ours || more) return more;
      lane = { ...lane, open: lane.open - done.length };
      done = [];
    }
    const began = performance.now();
    const attempt = () => prepare(deps, work, leased, began);
    const fetches = work.attachments.length > 0;
    const prepared = await (fetches ? fetching.run(attempt) : attempt());
    // Large ones that are let go together are also sent together, which takes more memory and CPU than a commit.
    const large = prepared.judged.some(({ bytes }) => (bytes ?? 0) > LARGE_BYTES);
    patienceMs = fetches && !large ? patience(fetching, performance.now() - began) : 0;
    done.push(prepared);
    if (prepared.row.state === "received") break;
  }
  const retried = done.at(-1)?.row.state === "received";
  const waitMs = retried
    ? Math.max(backoff(lane.failures, RETRY_BASE_MS, RETRY_CAP_MS), done.at(-1)?.retryAfterMs ?? 0)
    : 0;
  const { more } = await settle.prepared({
    turn: { ...lane, waitMs, retried, park: null },
    prepared: done,
    patienceMs,
  });
  tell(deps, lane, done);
  return more;
}

/** Says once when a message begins to wait, and once when that is over, whichever engine had it then. */
function tell({ log }: PipelineDeps, { failures }: ClaimedLane, done: readonly Prepared[]): void {
  const [first, last] = [done[0], done.at(-1)];
  const fields = ({ row, work }: Prepared) => ({ message: row.id, channel: work.row.channel });
  if (failures > 0 && first && first.row.state !== "received") log("info", "prepare.goes_on", fields(first));
  if (last?.row.state !== "received" || (failures > 0 && last === first)) return;
  log("warn", "prepare.retry", { ...fields(last), error: last.row.lastError?.split(":")[0] ?? "unknown" });
}
