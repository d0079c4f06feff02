import type { Verdict } from "#src/message/attachment.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

/** What became of an attachment's bytes. */
export interface JudgedAttachment {
  readonly epoch: number;
  readonly id: string;
  readonly messageId: string;
  readonly channel: string;
  readonly verdict: Verdict;
  readonly bytes: number | null;
  readonly sealed: Buffer;
  /** Sealed: what the provider needs to delete its own copy once the message is filed; null when there is none to delete. */
  readonly deletion: Buffer | null;
}

/**
 * Books what became of attachments, and notes the copies to be deleted in the same commit, so that none is forgotten. The
 * caller holds the lanes of their messages.
 */
export async function writeAttachments(db: Queryable, attachments: readonly JudgedAttachment[]): Promise<void> {
  if (attachments.length === 0) return;
  await db.query(
    `WITH judged AS (
       SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bytea[], $8::bytea[])
         AS judged (epoch, id, message_id, channel, verdict, bytes, sealed, deletion)
     ), written AS (
       UPDATE attachment SET verdict = judged.verdict, sealed = judged.sealed, bytes = judged.bytes
       FROM judged WHERE attachment.epoch = judged.epoch AND attachment.id = judged.id
     ), waited AS (
       DELETE FROM attachment_wait AS wait USING judged
       WHERE wait.attachment_id = judged.id AND judged.verdict <> 'late' AND wait.state = 'waiting')
     INSERT INTO media_deletion (attachment_id, message_id, channel, sealed, noted_at)
     SELECT id, message_id, channel, deletion, now() FROM judged WHERE deletion IS NOT NULL
     ON CONFLICT (attachment_id) DO NOTHING`,
    columns(attachments, ["epoch", "id", "messageId", "channel", "verdict", "bytes", "sealed", "deletion"]),
  );
}
