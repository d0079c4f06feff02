import { claimLanes, renewLanes, type ClaimedLane } from "#src/store/sql/lanes.ts";
import type { PipelineDeps } from "./deps.ts";

/** How long a claimed lane belongs to an engine that does not say anything more. */
const LEASE_MS = 20_000;
const RENEW_MS = 5_000;

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
  until: number;
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
  const timer = setInterval(() => void renew(), RENEW_MS);
  timer.unref();

  async function renew(): Promise<void> {
    const lanes = [...held.values()];
    if (lanes.length === 0) return;
    const until = deps.clock() + LEASE_MS;
    try {
      const ours = await renewLanes(
        deps.store,
        lanes.map(({ lane }) => lane),
        new Date(until),
      );
      for (const holding of lanes) {
        if (ours.has(holding.lane.token)) holding.until = until;
        else holding.abort.abort();
      }
    } catch {
      // The database is away: whoever cannot renew in time has lost the lane, which `valid` then says.
      for (const holding of lanes) if (deps.clock() >= holding.until) holding.abort.abort();
    }
  }

  return {
    claim: async (channel, stage, limit) => {
      const now = deps.clock();
      const until = now + LEASE_MS;
      const claim = { channel, stage, owner: deps.owner, now: new Date(now), leaseUntil: new Date(until), limit };
      const lanes = await claimLanes(deps.store, claim);
      return lanes.map((lane) => {
        const holding: Holding = { lane, abort: new AbortController(), until };
        held.set(lane.token, holding);
        return { lane, signal: holding.abort.signal, valid: () => deps.clock() < holding.until };
      });
    },
    release: (lane) => void held.delete(lane.token),
    stop: () => {
      clearInterval(timer);
      for (const holding of held.values()) holding.abort.abort();
    },
  };
}
