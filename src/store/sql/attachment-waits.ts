import type { Verdict } from "#src/message/attachment.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/*
 * `state` of the table: `waiting`: the message waits for it in its lane. `late`: the message went on, it is fetched in the background.
 * `refused`: it came, failed a check, and a person must look. `told`: what became of it is known, and the charts that have
 * the message are still to be told.
 */
/** An attachment that could not be fetched just now. */
export interface AttachmentWait {
  readonly attachmentId: string;
  readonly messageId: string;
  readonly channel: string;
  readonly state: "waiting" | "late";
  /** Null where nothing was tried: a late attachment of a message that is prepared anew. */
  readonly lastError: string | null;
}

/** For how long an attachment has been waited for. */
export interface Waited {
  readonly attachmentId: string;
  readonly messageId: string;
  readonly waitedMs: number;
  readonly attempts: number;
}

/** How long after its message went on a late attachment is asked for first. */
const FIRST_SECS = 5;

/**
 * Notes what could not be fetched; since when is kept from the first time. What became of a late one meanwhile stays, and so
 * does what a person decided. The caller holds the lanes of their messages.
 */
export async function noteWaits(db: Queryable, waits: readonly AttachmentWait[]): Promise<void> {
  if (waits.length === 0) return;
  await db.query(
    `INSERT INTO attachment_wait AS wait (attachment_id, message_id, channel, state, since, attempts, due_at, last_error)
     SELECT id, message_id, channel, state, now(), (last_error IS NOT NULL)::int,
       CASE WHEN state = 'late' THEN now() + make_interval(secs => ${FIRST_SECS}) END, last_error
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
       AS noted (id, message_id, channel, state, last_error)
     ON CONFLICT (attachment_id) DO UPDATE SET attempts = wait.attempts + EXCLUDED.attempts,
       last_error = coalesce(EXCLUDED.last_error, wait.last_error),
       due_at = CASE WHEN wait.state = 'waiting' THEN EXCLUDED.due_at ELSE wait.due_at END,
       state = CASE WHEN wait.state = 'waiting' THEN EXCLUDED.state ELSE wait.state END`,
    columns(waits, ["attachmentId", "messageId", "channel", "state", "lastError"]),
  );
}

/** For how long the attachments of these messages have been waited for, by the database's clock. */
export async function readWaits(db: Queryable, messageIds: readonly string[]): Promise<Waited[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await db.query<Waited>(
    `SELECT attachment_id AS "attachmentId", message_id AS "messageId", attempts,
       extract(epoch FROM now() - since)::float8 * 1000 AS "waitedMs"
     FROM attachment_wait WHERE message_id = ANY ($1::uuid[])`,
    [messageIds],
  );
  return rows;
}

/** Names a message somebody decides about. */
interface DecidedMessage {
  readonly epoch: number;
  readonly id: string;
}

/** The attachments of a locked message that have one verdict get another. @returns their ids */
export async function judgeAgain(
  db: Transaction,
  { epoch, id }: DecidedMessage,
  from: readonly Verdict[],
  to: Verdict,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE attachment SET verdict = $4 WHERE epoch = $1 AND message_id = $2 AND verdict = ANY ($3::text[]) RETURNING id`,
    [epoch, id, from, to],
  );
  return rows.map((row) => row.id);
}

/** The charts are to be told what became of these attachments; of others nothing is known. @returns how many there are */
export async function tellCharts(db: Transaction, attachmentIds: readonly string[]): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE attachment_wait SET state = 'told', since = now(), due_at = now() WHERE attachment_id = ANY ($1::uuid[])`,
    [attachmentIds],
  );
  return rowCount ?? 0;
}

/** What is late of a message is asked for now. @returns how much that is */
export async function askNow(db: Transaction, messageId: string): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE attachment_wait SET due_at = now() WHERE message_id = $1 AND state = 'late'`,
    [messageId],
  );
  return rowCount ?? 0;
}
