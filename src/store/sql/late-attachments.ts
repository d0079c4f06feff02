import type { Queryable, Transaction } from "../queryable.ts";
import type { JudgedAttachment } from "./attachments.ts";
import type { DecidedMessage } from "./decide.ts";
import type { AttachmentState } from "./prepare.ts";

/** A late attachment that is asked for again; without a state its message is not here any more. */
export interface LateAttachment {
  readonly attachmentId: string;
  readonly messageId: string;
  readonly channel: string;
  /** Tries so far, and how often it was taken up and not booked: by engines that died of it, perhaps. */
  readonly attempts: number;
  readonly taken: number;
  /** Its id at the provider has expired. */
  readonly expired: boolean;
  readonly state: AttachmentState | null;
}

/** An addendum under way: until it is settled, nothing of its message may change, for a retry sends the same bytes. */
const UNDER_WAY = `EXISTS (SELECT FROM delivery WHERE delivery.message_id = wait.message_id AND delivery.purpose = 'addendum'
  AND (delivery.state IN ('queued', 'sending', 'retrying') OR delivery.state = 'accepted' AND delivery.confirm_at IS NOT NULL))`;

/** Takes late attachments whose next try is due; they come due again after `leaseMs` if this engine dies. */
export async function takeLate(
  db: Queryable,
  { limit, leaseMs, expireMs }: { readonly limit: number; readonly leaseMs: number; readonly expireMs: number },
): Promise<LateAttachment[]> {
  const { rows } = await db.query<LateAttachment>(
    `WITH due AS (
       SELECT attachment_id FROM attachment_wait AS wait WHERE state = 'late' AND due_at <= now() AND NOT ${UNDER_WAY}
       ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
     ), late AS (
       UPDATE attachment_wait AS wait SET due_at = now() + make_interval(secs => $2 / 1000.0), taken = wait.taken + 1
       FROM due WHERE wait.attachment_id = due.attachment_id RETURNING wait.*)
     SELECT late.attachment_id AS "attachmentId", late.message_id AS "messageId", late.channel, late.attempts, late.taken,
       coalesce(message.received_at < now() - make_interval(secs => $3 / 1000.0), true) AS expired,
       CASE WHEN attachment.id IS NOT NULL THEN jsonb_build_object('epoch', attachment.epoch, 'id', attachment.id,
         'messageId', attachment.message_id, 'ordinal', attachment.ordinal, 'verdict', attachment.verdict,
         'sealed', encode(attachment.sealed, 'base64')) END AS state
     FROM late LEFT JOIN attachment ON attachment.message_id = late.message_id AND attachment.id = late.attachment_id
     LEFT JOIN message ON message.id = late.message_id`,
    [limit, leaseMs, expireMs],
  );
  return rows.map((row) => {
    const { state } = row;
    // Bytes travel as text inside JSON.
    return { ...row, state: state && { ...state, sealed: Buffer.from(String(state.sealed), "base64") } };
  });
}

/**
 * Books what became of a late attachment: `told`, the charts are to learn of it; `refused`, a person must look. Nothing is
 * booked where its message was moved to another epoch, somebody decided about it, or an addendum is under way.
 */
export async function bookLate(db: Queryable, judged: JudgedAttachment, becomes: "told" | "refused"): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH written AS (
       UPDATE attachment SET verdict = $3, sealed = $4, bytes = $5
       FROM attachment_wait AS wait
       WHERE attachment.epoch = $1 AND attachment.id = $2 AND attachment.verdict = 'late'
         AND wait.attachment_id = attachment.id AND wait.state = 'late' AND NOT ${UNDER_WAY}
       RETURNING attachment.id, attachment.message_id
     ), noted AS (
       INSERT INTO media_deletion (attachment_id, message_id, channel, sealed, noted_at)
       SELECT id, message_id, $6, $7::bytea, now() FROM written WHERE $7::bytea IS NOT NULL
       ON CONFLICT (attachment_id) DO NOTHING)
     UPDATE attachment_wait SET state = $8, since = now(), taken = 0, last_error = NULL,
       due_at = CASE WHEN $8 = 'told' THEN now() END
     FROM written WHERE attachment_wait.attachment_id = written.id`,
    [
      ...[judged.epoch, judged.id, judged.verdict, judged.sealed, judged.bytes, judged.channel, judged.deletion],
      becomes,
    ],
  );
  return (rowCount ?? 0) > 0;
}

/** Leaves one that could not be fetched alone for a while; without an error it was not tried. */
export async function postponeLate(
  db: Queryable,
  attachmentId: string,
  waitMs: number,
  lastError: string | null,
): Promise<void> {
  await db.query(
    `UPDATE attachment_wait SET taken = 0, due_at = now() + make_interval(secs => $2::float8 / 1000.0),
       attempts = attempts + ($3::text IS NOT NULL)::int, last_error = coalesce($3, last_error)
     WHERE attachment_id = $1 AND state = 'late'`,
    [attachmentId, waitMs, lastError],
  );
}

/** Nothing is to be fetched of these, or told about them, any more. */
export async function dropWaits(db: Queryable, attachmentIds: readonly string[]): Promise<void> {
  await db.query(`DELETE FROM attachment_wait WHERE attachment_id = ANY ($1::uuid[])`, [attachmentIds]);
}

/** What is known by now of attachments whose charts are to be told, and since when. */
export interface ToldWait {
  readonly attachmentId: string;
  readonly messageId: string;
}

export async function takeTold(db: Queryable, limit: number, leaseMs: number): Promise<ToldWait[]> {
  const { rows } = await db.query<ToldWait>(
    `WITH due AS (
       SELECT attachment_id FROM attachment_wait WHERE state = 'told' AND due_at <= now()
       ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE attachment_wait AS wait SET due_at = now() + make_interval(secs => $2 / 1000.0) FROM due
     WHERE wait.attachment_id = due.attachment_id
     RETURNING wait.attachment_id AS "attachmentId", wait.message_id AS "messageId"`,
    [limit, leaseMs],
  );
  return rows;
}

/**
 * Queues the addendum of a locked message to the destinations that have settled the message itself, and have had none since
 * these attachments are known. @returns where it was queued, and whether some destination has still to get it
 */
export async function queueAddenda(
  db: Transaction,
  { epoch, id, filing }: DecidedMessage,
  attachmentIds: readonly string[],
  destinations: readonly string[],
): Promise<{ queued: string[]; open: boolean }> {
  const { rows } = await db.query<{ destination: string; ready: boolean }>(
    `SELECT filed.destination, (filed.state = 'confirmed' OR filed.state = 'accepted' AND filed.confirm_at IS NULL)
         AND coalesce(added.state IN ('confirmed', 'cancelled', 'skipped')
           OR added.state = 'accepted' AND added.confirm_at IS NULL, true) AS ready
     FROM delivery AS filed LEFT JOIN delivery AS added ON added.epoch = filed.epoch AND added.message_id = filed.message_id
       AND added.destination = filed.destination AND added.filing = filed.filing AND added.purpose = 'addendum'
     WHERE filed.epoch = $1 AND filed.message_id = $2 AND filed.filing = $3 AND filed.purpose = 'file'
       AND filed.state NOT IN ('cancelled', 'skipped') AND filed.destination = ANY ($5::text[])
       AND coalesce(added.queued_at < (SELECT max(since) FROM attachment_wait WHERE attachment_id = ANY ($4::uuid[])), true)`,
    [epoch, id, filing, attachmentIds, destinations],
  );
  const queued = rows.filter(({ ready }) => ready).map(({ destination }) => destination);
  if (queued.length > 0) {
    await db.query(
      `INSERT INTO delivery (epoch, message_id, destination, purpose, filing, channel, lane_key, seq, state, queued_at, address)
       SELECT epoch, message_id, destination, 'addendum', filing, channel, lane_key, seq, 'queued', clock_timestamp(), address
       FROM delivery WHERE epoch = $1 AND message_id = $2 AND filing = $3 AND purpose = 'file' AND destination = ANY ($4::text[])
       ON CONFLICT (epoch, message_id, destination, purpose, filing) DO UPDATE SET state = 'queued', attempts = 0,
         last_error = NULL, in_doubt = false, confirm_at = NULL, queued_at = EXCLUDED.queued_at`,
      [epoch, id, filing, queued],
    );
  }
  return { queued, open: queued.length < rows.length };
}

/** How many attachments are waited for, by channel and how far that is. */
export async function countWaits(db: Queryable): Promise<{ channel: string; state: string; count: number }[]> {
  const { rows } = await db.query<{ channel: string; state: string; count: number }>(
    "SELECT channel, state, count(*)::int AS count FROM attachment_wait GROUP BY channel, state",
  );
  return rows;
}
