import type { Queryable } from "../queryable.ts";

/** Batches of several engines commit side by side: numbers drawn earlier may have come a little later. */
const SLACK = 2_000;
/** The search ends when it is as near as this; exact to `SLACK` and this together. */
const NEAR = 2_000;

/** A number, and when the first message from it on was received. */
interface Milestone {
  readonly seq: number;
  readonly at: number;
}

/**
 * Milestones found so far, by number: neither a number nor its time ever changes, and a purge keeps both. So the first
 * searches by time pay for the probes, and the later ones hardly ask.
 */
const MILESTONES = new WeakMap<Queryable, Milestone[]>();
const MOST_MILESTONES = 10_000;
/** Nearer to the newest number than this, messages with smaller ones may still be committing. */
const UNSETTLED = 4 * SLACK;

/**
 * A number at or before which no message was received after the instant, by bisection: one index probe for each step,
 * where a condition on the time alone reads the whole list (175 to 270 ms at a million messages, whatever the index).
 * @returns exact only to `SLACK` and `NEAR` numbers on the safe side; the condition on the time stays
 */
export async function seqBefore(db: Queryable, instant: Date): Promise<number> {
  return Math.max(0, (await bracket(db, instant.getTime())).low - SLACK);
}

/** A number from which on no message was received before the instant; see `seqBefore`. */
export async function seqAfter(db: Queryable, instant: Date): Promise<number> {
  return (await bracket(db, instant.getTime())).high + SLACK;
}

/** The newest number drawn. */
export async function newestSeq(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ newest: number }>("SELECT last_value AS newest FROM message_seq");
  return rows[0]?.newest ?? 0;
}

async function bracket(db: Queryable, instant: number): Promise<{ low: number; high: number }> {
  const newest = await newestSeq(db);
  const known = MILESTONES.get(db) ?? [];
  MILESTONES.set(db, known);
  const after = known.findIndex(({ at }) => at >= instant);
  let low = (after === -1 ? known.at(-1) : known[after - 1])?.seq ?? 0;
  let high = known[after]?.seq ?? newest + 1;
  while (high - low > NEAR) {
    const middle = Math.floor((low + high) / 2);
    const next = await firstFrom(db, middle);
    if (next && middle < newest - UNSETTLED) remember(known, { seq: middle, at: next.at });
    if (next === undefined || next.at >= instant) high = middle;
    else low = Math.max(middle, next.seq);
  }
  return { low, high };
}

function remember(known: Milestone[], milestone: Milestone): void {
  if (known.length >= MOST_MILESTONES) return;
  const place = known.findIndex(({ seq }) => seq >= milestone.seq);
  if (known[place]?.seq === milestone.seq) return;
  known.splice(place === -1 ? known.length : place, 0, milestone);
}

async function firstFrom(db: Queryable, seq: number): Promise<Milestone | undefined> {
  const { rows } = await db.query<{ seq: number; receivedAt: Date }>(
    `SELECT seq, received_at AS "receivedAt" FROM (
       (SELECT seq, received_at FROM message WHERE seq >= $1 ORDER BY seq LIMIT 1)
       UNION ALL (SELECT seq, received_at FROM tombstone WHERE seq >= $1 ORDER BY seq LIMIT 1)) AS first
     ORDER BY seq LIMIT 1`,
    [seq],
  );
  const [first] = rows;
  return first && { seq: first.seq, at: first.receivedAt.getTime() };
}
