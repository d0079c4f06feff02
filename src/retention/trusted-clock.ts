import { uptime } from "node:os";
import type { Clock } from "#src/message/clock.ts";
import { readClock } from "#src/store/sql/bring-forward.ts";
import type { Queryable } from "#src/store/queryable.ts";

/** The machine's time since it was started, in milliseconds: counts on while it is suspended, and cannot be set. */
export const uptimeMs: Clock = () => uptime() * 1_000;

/**
 * The time by which retention runs out: the earliest of the engine's clock, the database's, and what the engine's was at
 * the start plus the time since. A clock that jumps forward, this machine's or another engine's, destroys nothing early
 * (I4); one that goes back destroys later.
 */
export interface TrustedClock {
  /** @throws BotenstoffError STORE_UNAVAILABLE */
  now(): Promise<number>;
  /** How far it ran behind the engine's clock when it was last asked, in milliseconds. */
  behindMs(): number;
}

export function createTrustedClock(store: Queryable, clock: Clock, elapsed: Clock): TrustedClock {
  const atStart = clock() - elapsed();
  let behindMs = 0;
  return {
    now: async () => {
      const database = await readClock(store);
      const wall = clock();
      const now = Math.min(wall, database, atStart + elapsed());
      behindMs = wall - now;
      return now;
    },
    behindMs: () => behindMs,
  };
}
