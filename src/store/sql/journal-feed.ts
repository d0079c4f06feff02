import type { Queryable } from "../queryable.ts";

const FEED = "syslog";

/**
 * Takes the feed for so many seconds, by PostgreSQL's clock.
 * @returns the last line that was sent; undefined while another engine has it
 */
export async function claimFeed(db: Queryable, owner: string, seconds: number): Promise<number | undefined> {
  const { rows } = await db.query<{ seq: number }>(
    `INSERT INTO journal_feed (name, seq, owner, leased_until) VALUES ($1, 0, $2, now() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until
       WHERE journal_feed.owner = excluded.owner OR journal_feed.leased_until < now() RETURNING seq`,
    [FEED, owner, seconds],
  );
  return rows[0]?.seq;
}

/** Keeps how far it is, and gives the feed back. @returns false where another engine has taken it meanwhile */
export async function moveFeed(db: Queryable, owner: string, from: number, to: number): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE journal_feed SET seq = $4, leased_until = now() WHERE name = $1 AND owner = $2 AND seq = $3",
    [FEED, owner, from, to],
  );
  return rowCount === 1;
}

/** When the oldest line came that was not sent; undefined: nothing waits. */
export async function oldestUnsent(db: Queryable): Promise<Date | undefined> {
  const { rows } = await db.query<{ at: Date }>(
    `SELECT at FROM journal WHERE seq > coalesce((SELECT seq FROM journal_feed WHERE name = $1), 0) ORDER BY seq LIMIT 1`,
    [FEED],
  );
  return rows[0]?.at;
}
