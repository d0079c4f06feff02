import type { Queryable } from "../queryable.ts";

/** `frozen`: counted, not begun. One that runs and was not heard of for a while may be gone on with. */
export type BulkState = "frozen" | "running" | "stopped" | "done";

export interface BulkRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly filter: Readonly<Record<string, unknown>>;
  readonly state: BulkState;
  readonly total: number;
  readonly again: number;
  readonly refused: number;
  /** It runs, but the engine that ran it is not heard of any more. */
  readonly interrupted: boolean;
}

/** After so long without a sign the engine that ran it is taken for dead. */
const SILENT = "15 seconds";
const FORGOTTEN = "7 days";

/** Which of these messages lie on these channels, each once, in their order; undefined: on any. */
export async function onChannels(
  db: Queryable,
  ids: readonly string[],
  channels: readonly string[] | undefined,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM message WHERE id = ANY ($1::uuid[]) AND ($2::text[] IS NULL OR channel = ANY ($2)) ORDER BY seq`,
    [ids, channels ?? null],
  );
  return rows.map(({ id }) => id);
}

/** Freezes which messages are meant. What is a week old is forgotten by the way. */
export async function freezeBulk(
  db: Queryable,
  bulk: { readonly id: string; readonly actor: string; readonly filter: unknown; readonly ids: readonly string[] },
): Promise<void> {
  await db.query(`DELETE FROM bulk WHERE at < now() - interval '${FORGOTTEN}'`);
  await db.query(
    `INSERT INTO bulk (id, at, actor, filter, state, total, seen_at) VALUES ($1, now(), $2, $3, 'frozen', $4, now())`,
    [bulk.id, bulk.actor, JSON.stringify(bulk.filter), bulk.ids.length],
  );
  await db.query(
    `INSERT INTO bulk_item (bulk_id, ordinal, message_id)
     SELECT $1, ordinal, id FROM unnest($2::uuid[]) WITH ORDINALITY AS item (id, ordinal)`,
    [bulk.id, bulk.ids],
  );
}

export async function getBulk(db: Queryable, id: string): Promise<BulkRow | undefined> {
  const { rows } = await db.query<BulkRow>(
    `SELECT id, at, actor, filter, state, total,
       (SELECT count(*) FROM bulk_item WHERE bulk_id = bulk.id AND outcome = 'again')::int AS again,
       (SELECT count(*) FROM bulk_item WHERE bulk_id = bulk.id AND outcome <> 'again')::int AS refused,
       state = 'running' AND seen_at < now() - interval '${SILENT}' AS interrupted
     FROM bulk WHERE id = $1`,
    [id],
  );
  return rows[0];
}

/** @returns whether the caller is to run it: twice asked, it runs once */
export async function startBulk(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE bulk SET state = 'running', seen_at = now() WHERE id = $1
       AND (state IN ('frozen', 'stopped') OR state = 'running' AND seen_at < now() - interval '${SILENT}')`,
    [id],
  );
  return rowCount === 1;
}

/** @returns whether there was something to stop; what is under way is finished */
export async function stopBulk(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(`UPDATE bulk SET state = 'stopped' WHERE id = $1 AND state = 'running'`, [id]);
  return rowCount === 1;
}

/** The next items of a bulk that runs, with the channels of their messages; undefined when it was stopped. */
export async function nextBulkItems(
  db: Queryable,
  id: string,
  limit: number,
): Promise<{ ordinal: number; messageId: string; channel: string | null }[] | undefined> {
  const { rowCount } = await db.query(`UPDATE bulk SET seen_at = now() WHERE id = $1 AND state = 'running'`, [id]);
  if (rowCount !== 1) return undefined;
  const { rows } = await db.query<{ ordinal: number; messageId: string; channel: string | null }>(
    `SELECT ordinal, message_id AS "messageId", (SELECT channel FROM message WHERE message.id = message_id) AS channel
     FROM bulk_item WHERE bulk_id = $1 AND outcome IS NULL ORDER BY ordinal LIMIT $2`,
    [id, limit],
  );
  return rows;
}

/** Where two engines run one bulk, because one was taken for dead, the first to decide has decided. */
export async function settleBulkItem(db: Queryable, id: string, ordinal: number, outcome: string): Promise<void> {
  await db.query(`UPDATE bulk_item SET outcome = $3 WHERE bulk_id = $1 AND ordinal = $2 AND outcome IS NULL`, [
    id,
    ordinal,
    outcome,
  ]);
}

export async function endBulk(db: Queryable, id: string): Promise<void> {
  await db.query(`UPDATE bulk SET state = 'done' WHERE id = $1 AND state = 'running'`, [id]);
}
