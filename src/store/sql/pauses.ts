import type { Queryable, Transaction } from "../queryable.ts";

/** A channel that a person has stopped for a time. */
export interface Pause {
  readonly channel: string;
  readonly reason: string;
  readonly beginsAt: Date;
  readonly endsAt: Date;
}

/** Stops a channel, or changes until when and why it is. */
export async function pauseChannel(db: Transaction, { channel, reason, beginsAt, endsAt }: Pause): Promise<void> {
  await db.query(
    `INSERT INTO channel_pause (channel, reason, begins_at, ends_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (channel) DO UPDATE SET reason = excluded.reason, ends_at = excluded.ends_at,
       begins_at = CASE WHEN channel_pause.ends_at > excluded.begins_at THEN channel_pause.begins_at ELSE excluded.begins_at END`,
    [channel, reason, beginsAt, endsAt],
  );
}

/** @returns whether it was paused */
export async function resumeChannel(db: Transaction, channel: string, now: Date): Promise<boolean> {
  const { rows } = await db.query<{ over: boolean }>(
    `DELETE FROM channel_pause WHERE channel = $1 RETURNING ends_at <= $2 AS over`,
    [channel, now],
  );
  return rows[0]?.over === false;
}

export async function listPauses(db: Queryable, now: Date): Promise<Pause[]> {
  const { rows } = await db.query<Pause>(
    `SELECT channel, reason, begins_at AS "beginsAt", ends_at AS "endsAt" FROM channel_pause WHERE ends_at > $1
     ORDER BY channel`,
    [now],
  );
  return rows;
}

/** What has ended by itself. */
export async function forgetPauses(db: Queryable, now: Date): Promise<void> {
  await db.query(`DELETE FROM channel_pause WHERE ends_at <= $1`, [now]);
}
