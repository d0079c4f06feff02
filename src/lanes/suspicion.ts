import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import { Permits } from "./permits.ts";

/*
 * Whatever an engine held when it died may have killed it, or frozen it. It is suspect (1), and every suspect message of an
 * engine is worked on alone, one after the other: who dies with it in its hands has found the one that did it (3), and
 * nobody takes that one up again. A message that is slow, and not deadly, is worked on beside the others after its first
 * second; suspect of that (2), it has the next time for itself, as long as a lease.
 *
 * So an innocent message is set aside only where an engine is killed by something else in the moment it is examined: at
 * most one for each death.
 */

/** What dies with this much suspicion against it is not taken up again. */
const GUILTY = 3;
const FIRST_SLOT_MS = 1_000;

/** One suspect at a time, of whatever stage. */
export function createExamination(): Permits {
  return new Permits(1);
}

export function isGuilty({ suspicion = 0 }: Pick<ClaimedLane, "suspicion">): boolean {
  return suspicion >= GUILTY;
}

/**
 * Resolves when the work is over, or the engine has lived with it for so long that it may go on beside others.
 * @param ease called in that case, before others are examined
 */
export async function examined(
  work: Promise<unknown>,
  { suspicion, leaseMs }: { readonly suspicion: number; readonly leaseMs: number },
  ease: () => Promise<void>,
): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, suspicion > 1 ? leaseMs : Math.min(FIRST_SLOT_MS, leaseMs), true);
  const isOver = work.then(() => false);
  if (await Promise.race([isOver, over])) await ease().catch(() => work);
  clearTimeout(timer);
}
