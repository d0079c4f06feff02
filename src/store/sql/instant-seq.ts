import type { Queryable } from "../queryable.ts";

/** Batches of several engines commit side by side: numbers drawn earlier may have come a little later. */
const SLACK = 2_000;

/**
 * A number at or before which no message was received after the instant, by bisection: one index probe for each step,
 * where a condition on the time alone reads the whole list (175 to 270 ms at a million messages, whatever the index).
 * @returns exact only to `SLACK` numbers on the safe side; the condition on the time stays
 */
export async function seqBefore(db: Queryable, instant: Date): Promise<number> {
  return Math.max(0, (await bisect(db, instant)) - SLACK);
}

/** A number from which on no message was received before the instant; see `seqBefore`. */
export async function seqAfter(db: Queryable, instant: Date): Promise<number> {
  return (await bisect(db, instant)) + SLACK;
}

async function bisect(db: Queryable, instant: Date): Promise<number> {
  const { rows } = await db.query<{ low: number | null; high: number | null }>(
    `SELECT least((SELECT min(seq) FROM message), (SELECT min(seq) FROM tombstone)) AS low,
       greatest((SELECT max(seq) FROM message), (SELECT max(seq) FROM tombstone)) AS high`,
  );
  let low = rows[0]?.low ?? 0;
  let high = (rows[0]?.high ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const next = await firstFrom(db, middle);
    if (next === undefined || next.receivedAt >= instant) high = middle;
    else low = Math.max(middle, next.seq) + 1;
  }
  return low;
}

async function firstFrom(db: Queryable, seq: number): Promise<{ seq: number; receivedAt: Date } | undefined> {
  const { rows } = await db.query<{ seq: number; receivedAt: Date }>(
    `SELECT seq, received_at AS "receivedAt" FROM (
       (SELECT seq, received_at FROM message WHERE seq >= $1 ORDER BY seq LIMIT 1)
       UNION ALL (SELECT seq, received_at FROM tombstone WHERE seq >= $1 ORDER BY seq LIMIT 1)) AS first
     ORDER BY seq LIMIT 1`,
    [seq],
  );
  return rows[0];
}
