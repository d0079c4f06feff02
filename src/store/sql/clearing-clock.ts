import type { Queryable } from "../queryable.ts";

/** Marks open tasks whose time to be told of has come, each once. */
export async function escalateTasks(db: Queryable, now: Date): Promise<{ id: string; channel: string }[]> {
  const { rows } = await db.query<{ id: string; channel: string }>(
    `UPDATE clearing_task SET escalated_at = $1 WHERE closed_at IS NULL AND escalated_at IS NULL AND escalate_at <= $1
     RETURNING id, channel`,
    [now],
  );
  return rows;
}

/** What waits for people, by channel: by how far it is, when the first of it is or was due, how much was escalated. */
export interface TaskBacklog {
  readonly channel: string;
  readonly open: number;
  readonly proposed: number;
  readonly locked: number;
  readonly escalated: number;
  readonly due: Date;
}

export async function taskBacklogs(db: Queryable): Promise<TaskBacklog[]> {
  const { rows } = await db.query<TaskBacklog>(
    `SELECT channel, count(*) FILTER (WHERE locked_at IS NULL AND proposal IS NULL)::int AS open,
       count(*) FILTER (WHERE locked_at IS NULL AND proposal IS NOT NULL)::int AS proposed,
       count(locked_at)::int AS locked, count(escalated_at)::int AS escalated, min(due_at) AS due
     FROM clearing_task WHERE closed_at IS NULL GROUP BY channel`,
  );
  return rows;
}
