import { ERRORS, type ErrorCode } from "#src/message/error-code.ts";
import type { MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";

/** How errors are kept in `last_error`: the code, then the sentence. */
export function describeError(code: ErrorCode, message: string): string {
  return `${code}: ${message}`;
}

/** What became of a message so far; a purged one counts as filed, for it was. Unknown ids read as received. */
export async function readOutcome(
  db: Queryable,
  id: string,
): Promise<{ state: MessageState; error?: string; code?: ErrorCode }> {
  const { rows } = await db.query<{ state: MessageState; error: string | null }>(
    `SELECT state, coalesce((SELECT last_error FROM delivery WHERE message_id = $1 AND state = 'failed' LIMIT 1), last_error)
       AS error FROM message WHERE id = $1
     UNION ALL SELECT 'filed', NULL FROM tombstone WHERE message_id = $1`,
    [id],
  );
  const row = rows[0];
  if (!row?.error) return { state: row?.state ?? "received" };
  const [code = "", ...rest] = row.error.split(": ");
  return { state: row.state, error: rest.join(": "), ...(code in ERRORS && { code: code as ErrorCode }) };
}
