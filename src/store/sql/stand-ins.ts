import type { Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/** A message that stands in for another. */
export interface StandIn {
  readonly id: string;
  /** What the seen-list has of the other one once it is here. */
  readonly original: Buffer;
  readonly retainUntil: Date;
}

/** Those of these that are held, and whose original was seen, need nobody's decision any more. */
export async function filterStandIns(db: Transaction, pairs: readonly StandIn[], now: Date): Promise<void> {
  await db.query(
    `UPDATE message SET state = 'filtered', reason = NULL, state_at = $4, retain_until = settled.retain_until,
       history = history || jsonb_build_object('state', 'filtered', 'at', $4::timestamptz)
     FROM (SELECT message.epoch, message.id, pair.retain_until
       FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS pair (id, original, retain_until)
       JOIN message ON message.id = pair.id
       WHERE message.state = 'held' AND message.reason = 'unsupported'
         AND EXISTS (SELECT FROM seen WHERE seen.hash = pair.original)
       ORDER BY message.epoch, message.id FOR UPDATE OF message) AS settled
     WHERE message.epoch = settled.epoch AND message.id = settled.id`,
    [...columns(pairs, ["id", "original", "retainUntil"]), now],
  );
}
