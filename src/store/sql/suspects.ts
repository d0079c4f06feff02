import type { TakenDelivery } from "./deliveries.ts";
import { SUSPECT, type ClaimedLane, type Lease, type StageKey } from "./lanes.ts";
import type { Queryable } from "../queryable.ts";

/** How many messages at the head of a lane may have been in one turn when its engine died; each of them is examined. */
const MOST_IN_A_TURN = 20;

/** Takes the one lane of a stage that has been due, and suspect, for longest. */
export async function claimSuspect(
  db: Queryable,
  { channel, stage }: StageKey,
  { owner, leaseMs }: Lease,
): Promise<ClaimedLane | undefined> {
  const { rows } = await db.query<ClaimedLane>(
    `WITH due AS (
       SELECT channel, stage, key, suspicion FROM lane WHERE channel = $1 AND stage = $2 AND parked_at IS NULL
         AND ready_at <= now() AND ${SUSPECT} ORDER BY ready_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     UPDATE lane SET token = nextval('lane_token'), owner = $3, ready_at = now() + make_interval(secs => $4 / 1000.0),
       suspicion = lane.suspicion + 2,
       suspects = CASE WHEN lane.suspects > 0 THEN lane.suspects ELSE least(lane.open, ${MOST_IN_A_TURN}) END
     FROM due WHERE lane.channel = due.channel AND lane.stage = due.stage AND lane.key = due.key
     RETURNING lane.channel, lane.stage, lane.key, lane.token, lane.failures, lane.open, due.suspicion,
       coalesce(extract(epoch FROM now() - lane.stopped_at), 0)::float8 * 1000 AS "stoppedMs"`,
    [channel, stage, owner, leaseMs],
  );
  return rows[0];
}

/** Takes back what `claimSuspect` held against a lane: the engine has lived with it for a while. */
export async function easeSuspicion(db: Queryable, { channel, stage, key, token }: ClaimedLane): Promise<void> {
  await db.query(
    `UPDATE lane SET suspicion = least(suspicion - 1, 2)
     WHERE channel = $1 AND stage = $2 AND key = $3 AND token = $4 AND owner IS NOT NULL`,
    [channel, stage, key, token],
  );
}

type Reading = Pick<TakenDelivery, "epoch" | "messageId" | "destination" | "purpose" | "filing">;

const THIS_READING = `epoch = $1 AND message_id = $2 AND destination = $3 AND purpose = $4 AND filing = $5
  AND state = 'accepted'`;

/** The same as for a lane, for a suspect delivery that is now read back. @returns whether it has still to be */
export async function suspectReading(db: Queryable, reading: Reading, againInMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE delivery SET suspicion = suspicion + 2, confirm_at = now() + make_interval(secs => $6 / 1000.0)
     WHERE ${THIS_READING} AND suspicion > 0`,
    [...keyOf(reading), againInMs],
  );
  return (rowCount ?? 0) > 0;
}

export async function easeReading(db: Queryable, reading: Reading): Promise<void> {
  await db.query(
    `UPDATE delivery SET suspicion = least(suspicion - 1, 2) WHERE ${THIS_READING} AND suspicion > 1`,
    keyOf(reading),
  );
}

function keyOf({ epoch, messageId, destination, purpose, filing }: Reading): unknown[] {
  return [epoch, messageId, destination, purpose, filing];
}
