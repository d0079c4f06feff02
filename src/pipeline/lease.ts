import { GroupCommit } from "#src/store/group-commit.ts";
import { claimLanes, renewLanes, type Claim, type ClaimedLane } from "#src/store/sql/lanes.ts";
import type { PipelineDeps } from "./deps.ts";

/** A lease is renewed when a quarter of it has passed, so that one lost renewal does not lose the lane. */
const RENEWALS_PER_LEASE = 4;

/** A lane while this engine works on it. */
export interface Leased {
  readonly lane: ClaimedLane;
  /** Aborts when the lease is lost, or the engine stops hard. */
  readonly signal: AbortSignal;
  /** Whether the lane is certainly still ours; asked right before anything is sent. */
  valid(): boolean;
}

interface Holding {
  readonly lane: ClaimedLane;
  readonly abort: AbortController;
  until: Deadline;
}

/** The end of a lease by both clocks of this process: one jumps when set, the other stands still in a suspended machine. */
interface Deadline {
  readonly wall: number;
  readonly monotonic: number;
}

/** Claims lanes and keeps their leases alive until they are released. */
export interface Leases {
  claim(channel: string, stage: string, limit: number): Promise<Leased[]>;
  release(lane: ClaimedLane): void;
  /** Aborts the work on every lane and stops renewing. */
  stop(): void;
}

export function createLeases(deps: PipelineDeps): Leases {
  const held = new Map<number, Holding>();
  const timer = setInterval(() => void renew(), deps.leaseMs / RENEWALS_PER_LEASE);
  timer.unref();

  const inOneLease = (): Deadline => ({
    wall: deps.clock() + deps.leaseMs,
    monotonic: performance.now() + deps.leaseMs,
  });
  const isOver = ({ wall, monotonic }: Deadline) => deps.clock() >= wall || performance.now() >= monotonic;

  async function renew(): Promise<void> {
    const lanes = [...held.values()];
    if (lanes.length === 0) return;
    const until = inOneLease();
    try {
      const ours = await renewLanes(
        deps.store,
        lanes.map(({ lane }) => lane),
        deps.leaseMs,
      );
      for (const holding of lanes) {
        if (ours.has(holding.lane.token)) holding.until = until;
        else holding.abort.abort();
      }
    } catch {
      // The database is away: whoever cannot renew in time has lost the lane, which `valid` then says.
      for (const holding of lanes) if (isOver(holding.until)) holding.abort.abort();
    }
  }

  // What several stages wish for at a time is one statement and one commit.
  const claims = new GroupCommit<Claim, { lanes: readonly ClaimedLane[]; until: Deadline }>(async (wanted) => {
    // Measured from before the claim: here the lease ends before it does in the database.
    const until = inOneLease();
    const claimed = await claimLanes(deps.store, wanted, deps);
    const byStage = Map.groupBy(claimed, stageOf);
    return wanted.map((claim) => ({ lanes: byStage.get(stageOf(claim)) ?? [], until }));
  });

  return {
    claim: async (channel, stage, limit) => {
      const { lanes, until } = await claims.add({ channel, stage, limit });
      return lanes.map((lane) => {
        const holding: Holding = { lane, abort: new AbortController(), until };
        held.set(lane.token, holding);
        return { lane, signal: holding.abort.signal, valid: () => !isOver(holding.until) };
      });
    },
    release: (lane) => void held.delete(lane.token),
    stop: () => {
      clearInterval(timer);
      for (const holding of held.values()) holding.abort.abort();
    },
  };
}

function stageOf({ channel, stage }: { readonly channel: string; readonly stage: string }): string {
  return `${channel}/${stage}`;
}
