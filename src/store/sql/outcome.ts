import { ERRORS, type ErrorCode } from "#src/message/error-code.ts";
import type { MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";

/** How errors are kept in `last_error`: the code, then the sentence. */
export function describeError(code: ErrorCode, message: string): string {
  return `${code}: ${message}`;
}

/** What became of a message so far. */
export interface Outcome {
  readonly state: MessageState;
  /** Since when, ISO 8601 UTC; absent for unknown ids. */
  readonly at?: string;
  readonly error?: string;
  readonly code?: ErrorCode;
}

/** A purged message counts as filed, for it was. Unknown ids read as received. */
export async function readOutcome(db: Queryable, id: string): Promise<Outcome> {
  const { rows } = await db.query<{ state: MessageState; error: string | null; at: Date }>(
    `SELECT state, coalesce((SELECT last_error FROM delivery WHERE message_id = $1 AND state = 'failed' LIMIT 1), last_error)
       AS error, coalesce(filed_at, state_at) AS at FROM message WHERE id = $1
     UNION ALL SELECT 'filed', NULL, coalesce(filed_at, received_at) FROM tombstone WHERE message_id = $1`,
    [id],
  );
  const row = rows[0];
  if (!row) return { state: "received" };
  const reached = { state: row.state, at: row.at.toISOString() };
  if (!row.error) return reached;
  const [code = "", ...rest] = row.error.split(": ");
  return { ...reached, error: rest.join(": "), ...(code in ERRORS && { code: code as ErrorCode }) };
}
