import type { Permits } from "./permits.ts";

const SHARE = 0.5;
const MOST_MS = 200;

/**
 * For how many milliseconds the booking of a work may wait for others to be committed with: for a share of what the work
 * took, so that neither its message nor its lane is noticeably later; not at all when no other is under way.
 */
export function patience(others: Permits, tookMs: number): number {
  return others.busy === 0 ? 0 : Math.min(tookMs * SHARE, MOST_MS);
}
