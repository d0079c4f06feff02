import type { Queryable } from "../queryable.ts";
import { UNFINISHED } from "./survivors.ts";

/** Why a stored message is still here; every one is in exactly one class. */
export const COVERAGE_CLASSES = ["due", "running", "unconfirmed", "held", "failed", "restricted"] as const;
export type CoverageClass = (typeof COVERAGE_CLASSES)[number];

export interface CoverageRow {
  readonly epoch: number;
  readonly channel: string;
  /** Null: in none of the classes, which is a fault of the engine. */
  readonly class: CoverageClass | null;
  readonly count: number;
  readonly oldest: Date;
}

export interface Coverage {
  readonly rows: readonly CoverageRow[];
  /** Counted apart from the classes, in the same snapshot. */
  readonly stored: number;
  readonly epochs: readonly { readonly id: number; readonly endsAt: Date }[];
}

/**
 * Every stored message in its class, by epoch and channel.
 * @param now by which retention runs out
 * @param channels only these; absent: all
 */
export async function readCoverage(db: Queryable, now: Date, channels?: readonly string[]): Promise<Coverage> {
  const { rows } = await db.query<Omit<CoverageRow, "class"> & { class: CoverageClass | "total" | "epoch" | null }>(
    `SELECT epoch, channel, class, count(*)::bigint AS count, min(received_at) AS oldest FROM (
       SELECT epoch, channel, received_at, CASE
         WHEN state IN ('filed', 'filtered', 'withdrawn') AND retain_until <= $1 THEN 'due'
         WHEN state IN ('filed', 'filtered', 'withdrawn') AND retain_until > $1 THEN 'running'
         WHEN ${UNFINISHED} AND restricted_at IS NOT NULL THEN 'restricted'
         WHEN state IN ('held', 'withdrawn') THEN 'held' WHEN state = 'failed' THEN 'failed'
         WHEN state IN ('received', 'routed') THEN 'unconfirmed' END AS class
       FROM message WHERE $2::text[] IS NULL OR channel = ANY ($2)) AS classed GROUP BY epoch, channel, class
     UNION ALL SELECT 0, '', 'total', count(*)::bigint, now() FROM message
       WHERE $2::text[] IS NULL OR channel = ANY ($2)
     UNION ALL SELECT id, '', 'epoch', 0, ends_at FROM epoch WHERE state = 'open'
     ORDER BY epoch, channel, class`,
    [now, channels ?? null],
  );
  return {
    rows: rows.filter((row): row is CoverageRow => row.class !== "total" && row.class !== "epoch"),
    stored: rows.find((row) => row.class === "total")?.count ?? 0,
    epochs: rows.filter((row) => row.class === "epoch").map(({ epoch, oldest }) => ({ id: epoch, endsAt: oldest })),
  };
}
