import type { Store } from "../data-source.ts";
import { LANE_ORDER } from "../locks.ts";
import type { Transaction } from "../queryable.ts";
import { openLanes } from "./lanes.ts";

/** Which of the messages that were held because a look-up did not answer: the first ones, or those held before then. */
interface Which {
  readonly most?: number;
  readonly heldBefore?: Date;
}

/** Messages let in by one transaction. */
const AT_ONCE = 500;

const UNASKED = `channel = $1 AND state = 'held' AND reason = 'unasked' AND state_at <= coalesce($2::timestamptz, 'infinity')`;

/** Lets held messages of a channel be decided again, the first ones first. @returns how many */
export async function letInUnasked(
  store: Pick<Store, "query" | "transaction">,
  channel: string,
  { most = AT_ONCE, heldBefore }: Which,
  now: Date,
): Promise<number> {
  const { rows } = await store.query<{ id: string; key: Buffer }>(
    `SELECT id, lane_key AS key FROM message WHERE ${UNASKED} ORDER BY seq LIMIT $3`,
    [channel, heldBefore ?? null, most],
  );
  if (rows.length === 0) return 0;
  return store.transaction((db) => letIn(db, channel, rows, now));
}

async function letIn(
  db: Transaction,
  channel: string,
  messages: readonly { readonly id: string; readonly key: Buffer }[],
  now: Date,
): Promise<number> {
  // Lanes are locked before messages; one in which there is no work in the end is forgotten by whoever claims it.
  await db.query(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
     SELECT lane.channel, lane.stage, lane.key, 0, now(), now(), 0
     FROM (SELECT DISTINCT $1::text AS channel, 'prepare' AS stage, key FROM unnest($2::bytea[]) AS held (key)) AS lane
     ORDER BY ${LANE_ORDER} ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open`,
    [channel, messages.map(({ key }) => key)],
  );
  const { rows } = await db.query<{ key: Buffer }>(
    `WITH held AS MATERIALIZED (
       SELECT epoch, id FROM message WHERE id = ANY ($1::uuid[]) AND state = 'held' AND reason = 'unasked'
       ORDER BY epoch, id FOR UPDATE)
     UPDATE message SET state = 'received', reason = NULL, state_at = $2,
       history = message.history || jsonb_build_object('state', 'received', 'at', $2::timestamptz)
     FROM held WHERE message.epoch = held.epoch AND message.id = held.id RETURNING message.lane_key AS key`,
    [messages.map(({ id }) => id), now],
  );
  if (rows.length > 0)
    await openLanes(
      db,
      rows.map(({ key }) => ({ channel, stage: "prepare", key, count: 1 })),
    );
  return rows.length;
}
