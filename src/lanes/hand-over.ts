import type { ClaimedLane, LaneKey, StageKey } from "#src/store/sql/lanes.ts";
import type { Leased, Leases } from "./lease.ts";

/** A stage that takes lanes over from the step before. */
export interface Receiver<Work> extends StageKey {
  /** Sets at most so many of its places aside. @returns how many */
  reserve(wanted: number): number;
  /** Starts turns in some of the places that were set aside, and frees the rest. */
  begin(reserved: number, lanes: readonly Filled<Work>[]): void;
  wake(): void;
}

/** A lane with the work that was found or put in it, in order. */
export interface Filled<Work> {
  readonly leased: Leased;
  readonly works: readonly Work[];
}

/** What opening lanes led to: those that are leased to us from their first moment, and what is in them. */
export interface Opened<Work, Result> {
  readonly result: Result;
  readonly lanes: ReadonlyMap<ClaimedLane, readonly Work[]>;
}

/** Whether the next step has room for a lane if it comes into being. */
export type Offered = (lane: LaneKey) => boolean;

/**
 * Hands lanes over from the step that opens them to the step that works on them. Where that has room, a lane is leased to
 * this engine in the very transaction that opens it, and its work goes on in memory: neither claimed nor read again. A
 * lane that exists already, or finds no room, is claimed like any other.
 */
export class HandOver<Work> {
  readonly #leases: Leases;
  readonly #receivers = new Map<string, Receiver<Work>>();

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** In place of an earlier version's, which takes nothing more. */
  register(receiver: Receiver<Work>): void {
    this.#receivers.set(nameOf(receiver), receiver);
  }

  /**
   * Runs what opens lanes, and starts the turns of those it opened for us.
   * @param wanted the lanes it may open, each once
   */
  async open<Result>(
    wanted: readonly LaneKey[],
    run: (offered: Offered) => Promise<Opened<Work, Result>>,
  ): Promise<Result> {
    const may = this.#leases.mayOpen();
    const places = Array.from(Map.groupBy(wanted, nameOf)).flatMap(([stage, lanes]) => {
      const receiver = this.#receivers.get(stage);
      return receiver ? [{ stage, receiver, lanes, reserved: may ? receiver.reserve(lanes.length) : 0 }] : [];
    });
    const offered = new Set(places.flatMap(({ lanes, reserved }) => lanes.slice(0, reserved).map(nameOfLane)));
    let filled: readonly Filled<Work>[] = [];
    try {
      if (offered.size === 0) return (await run(() => false)).result;
      const opened = await this.#lease(() => run((lane) => offered.has(nameOfLane(lane))));
      filled = opened.filled;
      return opened.result;
    } finally {
      const byStage = Map.groupBy(filled, ({ leased }) => nameOf(leased.lane));
      for (const { stage, receiver, lanes, reserved } of places) {
        receiver.begin(reserved, byStage.get(stage) ?? []);
        if (reserved < lanes.length) receiver.wake();
      }
    }
  }

  async #lease<Result>(run: () => Promise<Opened<Work, Result>>) {
    const opened: Opened<Work, Result>[] = [];
    const leased = await this.#leases.open(async () => {
      const done = await run();
      opened.push(done);
      return [...done.lanes.keys()];
    });
    const [{ result, lanes }] = opened as [Opened<Work, Result>];
    return { result, filled: leased.map((one) => ({ leased: one, works: lanes.get(one.lane) ?? [] })) };
  }
}

function nameOf({ channel, stage }: StageKey): string {
  return `${channel}/${stage}`;
}

function nameOfLane(lane: LaneKey): string {
  return `${nameOf(lane)}/${lane.key.toString("hex")}`;
}
