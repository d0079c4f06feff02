import { readClock } from "#src/store/sql/bring-forward.ts";
import type { RetentionDeps } from "./deps.ts";

/**
 * The time by which retention runs out: the earliest of the engine's clock, the database's, and what the engine's was at
 * the start plus the time since. A clock that jumps forward, this machine's or another engine's, destroys nothing early
 * (I4); one that goes back destroys later. The other half is `retainFrom`, by which retention begins.
 */
export interface TrustedClock {
  /** @throws BotenstoffError STORE_UNAVAILABLE */
  now(): Promise<number>;
  /** How far it ran behind the engine's clock when it was last asked, in milliseconds. */
  behindMs(): number;
}

export function createTrustedClock({
  store,
  clock,
  steady,
}: Pick<RetentionDeps, "store" | "clock" | "steady">): TrustedClock {
  let behindMs = 0;
  return {
    now: async () => {
      const database = await readClock(store);
      const wall = clock();
      const now = Math.min(wall, database, steady());
      behindMs = wall - now;
      return now;
    },
    behindMs: () => behindMs,
  };
}
