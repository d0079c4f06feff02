import type { DeliveryState, MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import { openLanes } from "./lanes.ts";
import { withdrawRehomings } from "./rehomings.ts";
import { moveMessage } from "./reprocess.ts";

/**
 * `sending`: an attempt is under way. `nowhere`: no destination has, or may have, the message. `day`: it stands in a
 * document with others, which would go with it.
 */
export type Withdrawn = "withdrawing" | "already" | "sending" | "nowhere" | "day" | "absent";

interface Located {
  readonly epoch: number;
  readonly channel: string;
  readonly laneKey: Buffer;
  readonly state: MessageState;
  readonly kind: string;
  /** A destination got it in a document of the whole day. */
  readonly inDay: boolean;
}

interface Filed {
  readonly destination: string;
  readonly purpose: string;
  readonly state: DeliveryState;
  /** The destination accepted it, or an attempt is in doubt: it may be in a chart. */
  readonly sent: boolean;
}

const MAY_BE_FILED: ReadonlySet<MessageState> = new Set(["routed", "failed", "filed"]);
const IN_LANE: ReadonlySet<DeliveryState> = new Set(["queued", "retrying"]);

/**
 * Takes a message out of every chart it is in, or may be in: beside each delivery that was sent stands another that
 * withdraws it, in the same lane; what was not sent is cancelled, and nothing of the message is filed any more. The
 * message is `routed` until all of them are accepted, so that no purge takes it before.
 */
export async function withdrawMessage(db: Queryable, id: string, now: Date): Promise<Withdrawn> {
  const found = await locate(db, id);
  if (!found) return "absent";
  await lockLanes(db, found);
  const deliveries = await lockDeliveries(db, id);
  const message = await locate(db, id, true);
  // A purge was faster.
  if (!message) return "absent";
  if (deliveries.some(({ purpose }) => purpose === "withdraw")) return "already";
  const sent = deliveries.filter((delivery) => delivery.sent);
  if (!MAY_BE_FILED.has(message.state) || message.kind === "hl7" || sent.length === 0) return "nowhere";
  if (message.inDay) return "day";
  // Its bytes are on the way: only after its answer is it known what there is to withdraw.
  if (deliveries.some(({ state }) => state === "sending")) return "sending";
  await cancelOpen(db, id);
  await queueWithdrawals(db, id, sent, now);
  if (message.state !== "routed") await moveMessage(db, message.epoch, id, "routed", now);
  await openLanes(db, workOf(message, deliveries));
  // A delivery that failed parked its lane; nobody waits for it any more.
  const unparked = deliveries.filter(({ state }) => state === "failed");
  await openLanes(
    db,
    unparked.map(({ destination }) => ({
      channel: message.channel,
      stage: destination,
      key: message.laneKey,
      count: 0,
    })),
    true,
  );
  await withdrawRehomings(db, id, now);
  return "withdrawing";
}

async function locate(db: Queryable, id: string, lock = false): Promise<Located | undefined> {
  const { rows } = await db.query<Located>(
    `SELECT epoch, channel, lane_key AS "laneKey", state, kind, day IS NOT NULL AS "inDay"
     FROM message WHERE id = $1 ${lock ? "FOR UPDATE" : ""}`,
    [id],
  );
  return rows[0];
}

/** Lanes come first, by primary key, then deliveries, then messages: the order in which outcomes are settled. */
async function lockLanes(db: Queryable, { channel, laneKey }: Located): Promise<void> {
  await db.query(
    `SELECT FROM lane WHERE channel = $1 AND key = $2 ORDER BY lane.channel, lane.stage, lane.key FOR UPDATE`,
    [channel, laneKey],
  );
}

async function lockDeliveries(db: Queryable, id: string): Promise<Filed[]> {
  const { rows } = await db.query<Filed>(
    `SELECT destination, purpose, state, receipt IS NOT NULL OR in_doubt AS sent FROM delivery
     WHERE message_id = $1 ORDER BY destination, purpose FOR UPDATE`,
    [id],
  );
  return rows;
}

/** What was not sent, what was refused, and reading back what is not to be there any more. */
async function cancelOpen(db: Queryable, id: string): Promise<void> {
  await db.query(
    `UPDATE delivery SET state = 'cancelled', confirm_at = NULL
     WHERE message_id = $1
       AND (state IN ('queued', 'retrying', 'failed') OR (state = 'accepted' AND confirm_at IS NOT NULL))`,
    [id],
  );
}

/** To the address the document went to, whatever became of its patient since. */
async function queueWithdrawals(db: Queryable, id: string, sent: readonly Filed[], now: Date): Promise<void> {
  await db.query(
    `INSERT INTO delivery (epoch, message_id, destination, purpose, channel, lane_key, seq, state, queued_at, address)
     SELECT epoch, message_id, destination, 'withdraw', channel, lane_key, seq, 'queued', $3, address
     FROM delivery WHERE message_id = $1 AND destination = ANY ($2::text[])`,
    [id, sent.map(({ destination }) => destination), now],
  );
}

/** What comes into each lane less what was cancelled in it. */
function workOf({ channel, laneKey: key }: Located, deliveries: readonly Filed[]) {
  const work = deliveries.map(({ destination: stage, state, sent }) => {
    return { channel, stage, key, count: (sent ? 1 : 0) - (IN_LANE.has(state) ? 1 : 0) };
  });
  return work.filter(({ count }) => count !== 0);
}
