import { mayHaveAttachments, type MessageKind } from "#src/message/content.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";
import { inEpoch, perEpoch } from "./one-epoch.ts";

/** One copy at the provider that is to be deleted now. */
export interface DueDeletion {
  readonly attachmentId: string;
  readonly channel: string;
  readonly sealed: Buffer;
  /** Failed ones so far. */
  readonly attempts: number;
}

/**
 * Lets the copies of those messages be deleted that are filed, or withdrawn, by now. Part of the filing transaction. The state is asked
 * for in a form no index answers: all that is filed would be read for it, however few the messages are.
 */
export async function releaseDeletions(
  db: Queryable,
  outcomes: readonly { readonly epoch: number; readonly messageId: string; readonly kind: MessageKind }[],
): Promise<void> {
  const withCopies = outcomes.filter(({ kind }) => mayHaveAttachments(kind));
  await perEpoch(withCopies, (epoch, rows) =>
    db.query(
      `UPDATE media_deletion SET due_at = now() FROM unnest($1::uuid[]) AS concluded (id) JOIN message USING (id)
       WHERE ${inEpoch("message", "$2")} AND media_deletion.message_id = concluded.id AND media_deletion.due_at IS NULL
         AND lower(message.state) IN ('filed', 'withdrawn')`,
      [rows.map(({ messageId }) => messageId), epoch],
    ),
  );
}

/** Takes copies whose time has come; they come due again after `leaseMs` if this engine dies. */
export async function takeDeletions(db: Queryable, limit: number, leaseMs: number): Promise<DueDeletion[]> {
  const { rows } = await db.query<DueDeletion>(
    `WITH due AS (
       SELECT attachment_id FROM media_deletion WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE media_deletion SET due_at = now() + make_interval(secs => $2 / 1000.0) FROM due
     WHERE media_deletion.attachment_id = due.attachment_id
     RETURNING media_deletion.attachment_id AS "attachmentId", channel, sealed, attempts`,
    [limit, leaseMs],
  );
  return rows;
}

/** The copies are gone: nothing is left to do. */
export async function finishDeletions(db: Queryable, attachmentIds: readonly string[]): Promise<void> {
  if (attachmentIds.length === 0) return;
  await db.query(`DELETE FROM media_deletion WHERE attachment_id = ANY ($1::uuid[])`, [attachmentIds]);
}

/** Leaves copies that could not be deleted alone for a while. */
export async function postponeDeletions(
  db: Queryable,
  failed: readonly { readonly attachmentId: string; readonly waitMs: number }[],
): Promise<void> {
  if (failed.length === 0) return;
  await db.query(
    `UPDATE media_deletion SET attempts = attempts + 1, due_at = now() + make_interval(secs => failed.wait_ms / 1000.0)
     FROM unnest($1::uuid[], $2::float8[]) AS failed (attachment_id, wait_ms)
     WHERE media_deletion.attachment_id = failed.attachment_id`,
    columns(failed, ["attachmentId", "waitMs"]),
  );
}

/** Drops what the provider has deleted by itself by now. @returns how many, by channel */
export async function dropExpiredDeletions(
  db: Queryable,
  keptMs: number,
): Promise<{ channel: string; count: number }[]> {
  const { rows } = await db.query<{ channel: string; count: number }>(
    `WITH expired AS (
       DELETE FROM media_deletion WHERE noted_at < now() - make_interval(secs => $1 / 1000.0) RETURNING channel)
     SELECT channel, count(*) AS count FROM expired GROUP BY channel`,
    [keptMs],
  );
  return rows;
}
