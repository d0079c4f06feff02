import type { DeliveryPurpose, DeliveryState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import type { LaneKey } from "./lanes.ts";

/** What a lane is doing: stopped for a person, waiting to try again, held by an engine, or due. */
export type LaneState = "parked" | "retrying" | "working" | "waiting";

export interface LaneRow extends LaneKey {
  readonly state: LaneState;
  readonly open: number;
  readonly openedAt: Date;
  /** When it is due; of a lane at work, the end of its lease. */
  readonly readyAt: Date;
  readonly failures: number;
  readonly owner: string | null;
  readonly parkedAt: Date | null;
  /** Why it was parked: an error code, or `person`. */
  readonly reason: string | null;
  /** Milliseconds until it is due, by the database's clock. */
  readonly dueInMs: number;
}

const STATE = `CASE WHEN lane.parked_at IS NOT NULL THEN 'parked'
  WHEN lane.owner IS NOT NULL AND lane.ready_at > now() THEN 'working'
  WHEN lane.failures > 0 THEN 'retrying' ELSE 'waiting' END`;

const COLUMNS = `lane.channel, lane.stage, lane.key, ${STATE} AS state, lane.open, lane.opened_at AS "openedAt",
  lane.ready_at AS "readyAt", lane.failures, lane.owner, lane.parked_at AS "parkedAt", lane.reason,
  greatest(0, round(extract(epoch FROM lane.ready_at - now()) * 1000))::bigint AS "dueInMs"`;

export interface LaneFilter {
  readonly state?: LaneState | undefined;
  readonly channel?: string | undefined;
  readonly stage?: string | undefined;
  readonly code?: string | undefined;
  /** Only on these; absent: on all. */
  readonly channels?: readonly string[] | undefined;
  readonly limit: number;
}

/** A lane with what its head says. */
export interface ListedLane extends LaneRow {
  readonly lastError: string | null;
}

/** Lanes that match: those that wait for a person first, then those that fail, then by age. */
export async function listLanes(db: Queryable, filter: LaneFilter): Promise<ListedLane[]> {
  const { state = null, channel = null, stage = null, code = null, channels = null, limit } = filter;
  const { rows } = await db.query<ListedLane>(
    `SELECT * FROM (
       SELECT found.*, coalesce(delivery.last_error, message.last_error) AS "lastError" FROM (
         SELECT ${COLUMNS} FROM lane
         WHERE ($6::text[] IS NULL OR channel = ANY ($6)) AND ($2::text IS NULL OR channel = $2) AND ($3::text IS NULL OR stage = $3)
           AND ($4::text IS NULL OR parked_at IS NULL OR reason = $4)
           AND ($4::text IS NULL OR parked_at IS NOT NULL OR failures > 0)) AS found
       LEFT JOIN LATERAL (SELECT last_error FROM delivery WHERE found.stage <> 'prepare' AND found.failures > 0
         AND delivery.channel = found.channel AND delivery.destination = found.stage AND delivery.lane_key = found.key
         AND delivery.state IN ('queued', 'sending', 'retrying') ORDER BY delivery.seq LIMIT 1) AS delivery ON true
       LEFT JOIN LATERAL (SELECT last_error FROM message WHERE found.stage = 'prepare' AND found.failures > 0
         AND message.channel = found.channel AND message.lane_key = found.key AND (message.state || '') = 'received'
         ORDER BY message.seq LIMIT 1) AS message ON true
       WHERE $1::text IS NULL OR found.state = $1) AS listed
     WHERE $4::text IS NULL OR reason = $4 OR starts_with("lastError", $4 || ':')
     ORDER BY "parkedAt" IS NULL, failures = 0, coalesce("parkedAt", "openedAt"), channel, stage, key LIMIT $5`,
    [state, channel, stage, code, limit, channels],
  );
  return rows;
}

/** How many lanes are in each state. */
export async function countLanes(
  db: Queryable,
): Promise<{ channel: string; stage: string; state: LaneState; lanes: number; open: number }[]> {
  const { rows } = await db.query<{ channel: string; stage: string; state: LaneState; lanes: number; open: number }>(
    `SELECT channel, stage, ${STATE} AS state, count(*)::bigint AS lanes, sum(open)::bigint AS open
     FROM lane GROUP BY 1, 2, 3`,
  );
  return rows;
}

/** Lanes that wait for a person, by what parked them. */
export async function parkedByReason(
  db: Queryable,
): Promise<{ channel: string; stage: string; reason: string | null; lanes: number; open: number; since: Date }[]> {
  const { rows } = await db.query<{
    channel: string;
    stage: string;
    reason: string | null;
    lanes: number;
    open: number;
    since: Date;
  }>(
    `SELECT channel, stage, reason, count(*)::bigint AS lanes, sum(open)::bigint AS open, min(parked_at) AS since
     FROM lane WHERE parked_at IS NOT NULL GROUP BY channel, stage, reason ORDER BY since`,
  );
  return rows;
}

export async function getLane(db: Queryable, { channel, stage, key }: LaneKey): Promise<LaneRow | undefined> {
  const { rows } = await db.query<LaneRow>(
    `SELECT ${COLUMNS} FROM lane WHERE channel = $1 AND stage = $2 AND key = $3`,
    [channel, stage, key],
  );
  return rows[0];
}

/** Work in a lane, in the order in which it leaves. */
export interface LaneWork {
  readonly messageId: string;
  readonly kind: string;
  readonly seq: number;
  readonly receivedAt: Date;
  /** Of a delivery; null while the message is prepared. */
  readonly state: DeliveryState | null;
  readonly purpose: DeliveryPurpose | null;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly inDoubt: boolean;
}

/** The first works of a lane: what failed in it stands before what waits behind. */
export async function worksInLane(db: Queryable, { channel, stage, key }: LaneKey, limit: number): Promise<LaneWork[]> {
  const { rows } =
    stage === "prepare"
      ? await db.query<LaneWork>(
          `SELECT id AS "messageId", kind, seq, received_at AS "receivedAt", NULL AS state, NULL AS purpose, attempts,
             last_error AS "lastError", false AS "inDoubt"
           FROM message WHERE channel = $1 AND lane_key = $2 AND (state || '') = 'received' ORDER BY seq LIMIT $3`,
          [channel, key, limit],
        )
      : await db.query<LaneWork>(
          // What failed is found by its message: no index holds failed deliveries, and few messages are failed.
          `WITH work AS (
             (SELECT message_id, epoch, seq, state, purpose, attempts, last_error, in_doubt FROM delivery
              WHERE channel = $1 AND destination = $2 AND lane_key = $3 AND state IN ('queued', 'sending', 'retrying')
              ORDER BY seq LIMIT $4)
             UNION ALL
             (SELECT delivery.message_id, delivery.epoch, delivery.seq, delivery.state, purpose, delivery.attempts,
                delivery.last_error, in_doubt
              FROM message JOIN delivery ON delivery.message_id = message.id AND delivery.epoch = message.epoch
              WHERE message.state = 'failed' AND message.channel = $1 AND message.lane_key = $3
                AND delivery.destination = $2 AND delivery.state = 'failed' ORDER BY delivery.seq LIMIT $4))
           SELECT work.message_id AS "messageId", kind, work.seq, received_at AS "receivedAt", work.state, purpose,
             work.attempts, work.last_error AS "lastError", in_doubt AS "inDoubt"
           FROM work JOIN message ON message.id = work.message_id AND message.epoch = work.epoch
           ORDER BY work.seq, purpose LIMIT $4`,
          [channel, stage, key, limit],
        );
  return rows;
}

/** Lanes of the same conversation at other stages. */
export async function otherStages(db: Queryable, { channel, stage, key }: LaneKey): Promise<LaneRow[]> {
  const { rows } = await db.query<LaneRow>(
    `SELECT ${COLUMNS} FROM lane WHERE channel = $1 AND key = $3 AND stage <> $2 ORDER BY stage`,
    [channel, stage, key],
  );
  return rows;
}
