import { GroupCommit } from "#src/store/group-commit.ts";
import {
  claimLanes,
  giveBackLanes,
  renewLanes,
  type Claim,
  type ClaimedLane,
  type StageKey,
} from "#src/store/sql/lanes.ts";
import { claimSuspect, easeSuspicion } from "#src/store/sql/suspects.ts";
import type { LaneDeps } from "./deps.ts";

/** A lease is renewed when a quarter of it has passed, so that one lost renewal does not lose the lane. */
const RENEWALS_PER_LEASE = 4;

/** How often lanes whose turn failed are given back, and how long they are left alone then. */
const GIVE_BACK_MS = 1_000;

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
  until: Deadline;
  lost: boolean;
  /** Made when its signal is asked for: most turns are over before anything could be broken off. */
  abort?: AbortController;
}

/** The end of a lease by both clocks of this process: one jumps when set, the other stands still in a suspended machine. */
interface Deadline {
  readonly wall: number;
  readonly monotonic: number;
}

/** Claims lanes and keeps their leases alive until they are released. */
export interface Leases {
  claim(channel: string, stage: string, limit: number): Promise<readonly Leased[]>;
  /** One lane that an engine held when it died, which `claim` leaves alone. */
  claimSuspect(stage: StageKey): Promise<Leased | undefined>;
  /** Takes back what claiming it so held against it. */
  ease(lane: ClaimedLane): Promise<void>;
  /** False while lanes are being given back: what opens lanes must not wait for that, and opens none for us meanwhile. */
  mayOpen(): boolean;
  /** Runs what opens lanes that are this engine's from the beginning, and holds those it says it opened. */
  open(run: () => Promise<readonly ClaimedLane[]>): Promise<readonly Leased[]>;
  release(lane: ClaimedLane): void;
  /**
   * For a lane whose turn is over but was not booked, because the database was away: it goes on soon after that is back,
   * not only when the lease has run out.
   */
  giveBack(lane: ClaimedLane): void;
  /** Aborts the work on every lane and stops renewing. */
  stop(): void;
}

export function createLeases(deps: LaneDeps): Leases {
  const held = new Map<number, Holding>();
  const taking = new Set<Promise<unknown>>();
  let givingBack: Promise<void> | undefined;
  let orphaned = false;
  const timers = [
    setInterval(() => void renew(), deps.leaseMs / RENEWALS_PER_LEASE).unref(),
    setInterval(giveBackOrphans, GIVE_BACK_MS).unref(),
  ];

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
        else lose(holding);
      }
    } catch {
      // The database is away: whoever cannot renew in time has lost the lane, which `valid` then says.
      for (const holding of lanes) if (isOver(holding.until)) lose(holding);
    }
  }

  /** Never overlaps with taking lanes: what is ours in the database is held here, or nobody knows of it. */
  function giveBackOrphans(): void {
    if (!orphaned || givingBack) return;
    orphaned = false;
    givingBack = Promise.allSettled(taking)
      .then(() => giveBackLanes(deps.store, { owner: deps.owner, but: [...held.keys()], pauseMs: GIVE_BACK_MS }))
      .catch(() => void (orphaned = true))
      .finally(() => (givingBack = undefined));
  }

  async function take(run: () => Promise<readonly ClaimedLane[]>): Promise<readonly Leased[]> {
    while (givingBack) await givingBack;
    // Measured from before: here the lease ends before it does in the database.
    const until = inOneLease();
    const running = run();
    taking.add(running);
    try {
      return (await running).map((lane) => hold(lane, until));
    } catch (error) {
      // Whether anything was taken is not known.
      orphaned = true;
      throw error;
    } finally {
      taking.delete(running);
    }
  }

  // What several stages wish for at a time is one statement and one commit.
  const claims = new GroupCommit<Claim, readonly Leased[]>(async (wanted) => {
    const claimed = await take(() => claimLanes(deps.store, wanted, deps));
    const byStage = Map.groupBy(claimed, ({ lane }) => stageOf(lane));
    return wanted.map((one) => byStage.get(stageOf(one)) ?? []);
  });

  function hold(lane: ClaimedLane, until: Deadline): Leased {
    const holding: Holding = { lane, until, lost: false };
    held.set(lane.token, holding);
    return {
      lane,
      get signal() {
        return signalOf(holding);
      },
      valid: () => !isOver(holding.until),
    };
  }

  return {
    claim: (channel, stage, limit) => claims.add({ channel, stage, limit }),
    claimSuspect: async (stage) => {
      const [leased] = await take(async () =>
        [await claimSuspect(deps.store, stage, deps)].flatMap((lane) => lane ?? []),
      );
      return leased;
    },
    ease: (lane) => easeSuspicion(deps.store, lane),
    mayOpen: () => !givingBack,
    open: take,
    release: (lane) => void held.delete(lane.token),
    giveBack: (lane) => {
      held.delete(lane.token);
      orphaned = true;
    },
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      for (const holding of held.values()) lose(holding);
    },
  };
}

function lose(holding: Holding): void {
  holding.lost = true;
  holding.abort?.abort();
}

function signalOf(holding: Holding): AbortSignal {
  holding.abort ??= new AbortController();
  if (holding.lost) holding.abort.abort();
  return holding.abort.signal;
}

function stageOf({ channel, stage }: { readonly channel: string; readonly stage: string }): string {
  return `${channel}/${stage}`;
}
