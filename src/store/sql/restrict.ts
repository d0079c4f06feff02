import type { Queryable } from "../queryable.ts";

/**
 * Marks messages that outlived their channel's limit without being filed or decided as restricted; they stay, sealed,
 * and raise an alarm. @returns how many are newly restricted
 */
export async function restrictOverdue(
  db: Queryable,
  limits: { channel: string; hardMaxAgeMs: number; unknownSenderMs: number },
  now: Date,
): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE message SET restricted_at = $4 WHERE channel = $1 AND restricted_at IS NULL
       AND state IN ('received', 'held', 'routed', 'failed') AND received_at < $4::timestamptz - make_interval(secs =>
         CASE WHEN reason IN ('unknown', 'ambiguous', 'unverified') THEN least($2::bigint, $3::bigint) ELSE $2::bigint END / 1000.0)`,
    [limits.channel, limits.hardMaxAgeMs, limits.unknownSenderMs, now],
  );
  return rowCount ?? 0;
}
