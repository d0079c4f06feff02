import { kindOfError } from "#src/message/error-code.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import { dropEmptyLanes } from "#src/store/sql/lanes.ts";
import type { LaneDeps } from "./deps.ts";
import type { Filled, Receiver } from "./hand-over.ts";
import type { Leased, Leases } from "./lease.ts";
import { examined } from "./suspicion.ts";

/** The work of one stage of one channel: how lanes are filled and how a turn is made. */
export interface StageWork<Work> {
  readonly channel: string;
  readonly stage: string;
  /** Lanes worked on side by side. */
  readonly concurrency: number;
  take(lanes: readonly Leased[]): Promise<Map<ClaimedLane, Work[]>>;
  /** @returns whether the lane holds more, due at once */
  turn(lane: Leased, works: readonly Work[]): Promise<boolean>;
  /** How many of the free places may be used now (a breaker's say). */
  allowance(free: number, running: number): number;
  /** Milliseconds after which to try again when the allowance is 0. */
  wait(): number;
}

/**
 * A stage that claims its due lanes whenever it is woken and has room, and takes new ones over from the step before as
 * long as none that are due have to wait.
 */
export interface Stage<Work> extends Receiver<Work> {
  /** Takes up what was in the hands of an engine that died, one after the other. */
  examine(): void;
  /** Claims nothing more; resolves when the running turns have ended. */
  drain(): Promise<void>;
}

export function createStage<Work>(deps: LaneDeps, leases: Leases, work: StageWork<Work>): Stage<Work> {
  const running = new Set<Promise<void>>();
  let claiming: Promise<void> | undefined;
  let examining: Promise<void> | undefined;
  let wokenMeanwhile = false;
  let draining = false;
  let reserved = 0;
  let onAllFreed: (() => void) | undefined;
  /** Lanes may be due that nobody has claimed: what comes new must not overtake them. */
  let behind = true;
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
    const free = room();
    if (free <= 0) {
      behind = true;
      const wait = work.wait();
      if (wait > 0) wakeLater(wait);
      return;
    }
    // What is handed over meanwhile finds room as well, unless lanes are known to wait.
    const places = behind ? free : Math.ceil(free / 2);
    reserved += places;
    const filled = await claim(places);
    const [full, empty] = [filled.filter(({ works }) => works.length > 0), filled.filter(({ works }) => !works.length)];
    begin(places, full);
    if (empty.length > 0) await forget(empty.map(({ leased }) => leased.lane));
  }

  async function claim(places: number): Promise<Filled<Work>[]> {
    try {
      const lanes = await leases.claim(work.channel, work.stage, places);
      // A full claim means there may be more.
      behind = lanes.length === places;
      wokenMeanwhile ||= behind;
      return lanes.length === 0 ? [] : await fill(lanes);
    } catch (error) {
      behind = true;
      report(deps, work, error);
      return [];
    }
  }

  function room(): number {
    const taken = running.size + reserved;
    return work.allowance(work.concurrency - taken, taken);
  }

  function reserve(wanted: number): number {
    const places = draining || behind ? 0 : Math.max(0, Math.min(wanted, room()));
    behind ||= places < wanted;
    reserved += places;
    return places;
  }

  function begin(places: number, lanes: readonly Filled<Work>[]): void {
    reserved -= places;
    for (const { leased, works } of lanes) void run(leased, works);
    if (reserved === 0) onAllFreed?.();
  }

  function wakeLater(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      wake();
    }, ms);
  }

  async function fill(lanes: readonly Leased[]): Promise<Filled<Work>[]> {
    const taken = await work.take(lanes).catch((error: unknown) => {
      for (const { lane } of lanes) leases.giveBack(lane);
      throw error;
    });
    return lanes.map((leased) => ({ leased, works: taken.get(leased.lane) ?? [] }));
  }

  function examine(): void {
    if (draining || examining) return;
    examining = deps.examination
      .run(examineOne)
      .catch((error: unknown) => {
        report(deps, work, error);
        return false;
      })
      .then((found) => {
        examining = undefined;
        if (found) examine();
      });
  }

  /** @returns whether there was one */
  async function examineOne(): Promise<boolean> {
    if (draining || room() <= 0) return false;
    reserved += 1;
    let full: Filled<Work> | undefined;
    try {
      const leased = await leases.claimSuspect(work);
      [full] = leased ? await fill([leased]) : [];
    } finally {
      begin(1, []);
    }
    if (!full) return false;
    const { lane } = full.leased;
    if (full.works.length === 0) await forget([lane]);
    else
      await examined(run(full.leased, full.works), { suspicion: lane.suspicion ?? 0, ...deps }, () =>
        leases.ease(lane),
      );
    return true;
  }

  async function forget(empty: readonly ClaimedLane[]): Promise<void> {
    for (const lane of empty) leases.giveBack(lane);
    await deps.store
      .transaction((db) => dropEmptyLanes(db, empty))
      .catch((error: unknown) => report(deps, work, error));
  }

  function run(leased: Leased, works: readonly Work[]): Promise<void> {
    const turn = work
      .turn(leased, works)
      .then(
        (more) => {
          leases.release(leased.lane);
          return more;
        },
        (error: unknown) => {
          report(deps, work, error);
          leases.giveBack(leased.lane);
          return false;
        },
      )
      .then((more) => {
        running.delete(turn);
        if (more || behind) wake();
      });
    running.add(turn);
    return turn;
  }

  return {
    channel: work.channel,
    stage: work.stage,
    wake,
    examine,
    reserve,
    begin,
    drain: async () => {
      draining = true;
      clearTimeout(timer);
      await claiming;
      await examining;
      if (reserved > 0) await new Promise<void>((resolve) => (onAllFreed = resolve));
      await Promise.all(running);
    },
  };
}

/** A turn that could not be settled is made again; only the kind of error is told. */
function report(deps: LaneDeps, work: { channel: string; stage: string }, error: unknown): void {
  deps.log("warn", "lane.turn_failed", { channel: work.channel, stage: work.stage, error: kindOfError(error) });
}
