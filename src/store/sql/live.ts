import type { MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";

/** A message as the live stream tells of it. */
export interface LiveMessage {
  readonly id: string;
  readonly seq: number;
  readonly channel: string;
  readonly state: MessageState;
}

/** The newest messages, newest first. */
export async function newestMessages(db: Queryable, limit: number): Promise<LiveMessage[]> {
  const { rows } = await db.query<LiveMessage>(
    `SELECT id, seq, channel, state FROM message ORDER BY seq DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Something that differs whenever a lane, a wait for a person or a purge does. */
export async function digest(
  db: Queryable,
): Promise<{ readonly lanes: string; readonly waits: string; readonly purges: string }> {
  const { rows } = await db.query<{ lanes: string; waits: string; purges: string }>(
    `SELECT
       (SELECT concat_ws(' ', count(*), sum(open), count(parked_at), sum(failures), max(parked_at)) FROM lane) AS lanes,
       (SELECT concat_ws(' ', count(*), max(state_at)) FROM message WHERE state IN ('held', 'failed', 'withdrawn')) AS waits,
       (SELECT concat_ws(' ', count(*), max(at)) FROM purge) AS purges`,
  );
  return rows[0] ?? { lanes: "", waits: "", purges: "" };
}
