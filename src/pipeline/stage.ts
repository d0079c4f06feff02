import { kindOfError } from "#src/message/error-code.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import { dropEmptyLanes } from "#src/store/sql/lanes.ts";
import type { PipelineDeps } from "./deps.ts";
import type { Leased, Leases } from "./lease.ts";

/** The work of one stage of one channel: how lanes are filled and how a turn is made. */
export interface StageWork<Work> {
  readonly channel: string;
  readonly stage: string;
  /** Lanes worked on side by side. */
  readonly concurrency: number;
  take(lanes: readonly Leased[]): Promise<Map<ClaimedLane, Work[]>>;
  turn(lane: Leased, works: readonly Work[]): Promise<void>;
  /** How many of the free places may be used now (a breaker's say). */
  allowance(free: number, running: number): number;
  /** Milliseconds after which to try again when the allowance is 0. */
  wait(): number;
}

/** A stage that claims its due lanes whenever it is woken and has room. */
export interface Stage {
  readonly channel: string;
  readonly stage: string;
  wake(): void;
  /** Claims nothing more; resolves when the running turns have ended. */
  drain(): Promise<void>;
}

export function createStage<Work>(deps: PipelineDeps, leases: Leases, work: StageWork<Work>): Stage {
  const running = new Set<Promise<void>>();
  let claiming: Promise<void> | undefined;
  let wokenMeanwhile = false;
  let draining = false;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    if (draining) return;
    if (claiming) {
      wokenMeanwhile = true;
      return;
    }
    claiming = claimAndRun().finally(() => {
      claiming = undefined;
      if (!wokenMeanwhile) return;
      wokenMeanwhile = false;
      wake();
    });
  }

  async function claimAndRun(): Promise<void> {
    // What is woken in the same turn of the event loop is claimed together.
    await new Promise((resolve) => setImmediate(resolve));
    const free = work.allowance(work.concurrency - running.size, running.size);
    if (free <= 0) {
      const wait = work.wait();
      if (wait > 0) wakeLater(wait);
      return;
    }
    try {
      const lanes = await leases.claim(work.channel, work.stage, free);
      if (lanes.length === 0) return;
      await start(lanes);
      // A full claim means there may be more.
      if (lanes.length === free && running.size < work.concurrency) wokenMeanwhile = true;
    } catch (error) {
      report(deps, work, error);
    }
  }

  function wakeLater(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      wake();
    }, ms);
  }

  async function start(lanes: readonly Leased[]): Promise<void> {
    const taken = await work.take(lanes).catch((error: unknown) => {
      for (const { lane } of lanes) leases.giveBack(lane);
      throw error;
    });
    const empty: ClaimedLane[] = [];
    for (const leased of lanes) {
      const works = taken.get(leased.lane) ?? [];
      if (works.length > 0) run(leased, works);
      else empty.push(leased.lane);
    }
    if (empty.length > 0) await forget(empty);
  }

  async function forget(empty: readonly ClaimedLane[]): Promise<void> {
    for (const lane of empty) leases.giveBack(lane);
    await deps.store.transaction((db) => dropEmptyLanes(db, empty));
  }

  function run(leased: Leased, works: readonly Work[]): void {
    const turn = work
      .turn(leased, works)
      .then(
        () => leases.release(leased.lane),
        (error: unknown) => {
          report(deps, work, error);
          leases.giveBack(leased.lane);
        },
      )
      .finally(() => {
        running.delete(turn);
        wake();
      });
    running.add(turn);
  }

  return {
    channel: work.channel,
    stage: work.stage,
    wake,
    drain: async () => {
      draining = true;
      clearTimeout(timer);
      await claiming;
      await Promise.all(running);
    },
  };
}

/** A turn that could not be settled is made again; only the kind of error is told. */
function report(deps: PipelineDeps, work: { channel: string; stage: string }, error: unknown): void {
  deps.log("warn", "lane.turn_failed", { channel: work.channel, stage: work.stage, error: kindOfError(error) });
}
