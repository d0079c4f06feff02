import type { Transaction } from "#src/store/queryable.ts";
import { forgetEmptyLanes, lockConversation } from "#src/store/locks.ts";
import {
  destinationsOf,
  findDecided,
  lockDecided,
  lockDeliveries,
  type DecidedDelivery,
  type DecidedMessage,
} from "#src/store/sql/decide.ts";
import type { DeliveryState } from "#src/message/state.ts";

/** A message with its deliveries, as nobody else changes them until the decision is written. */
export interface Decided {
  readonly message: DecidedMessage;
  readonly deliveries: readonly DecidedDelivery[];
}

/** Delivery states in which a delivery is counted in its lane. */
export const IN_LANE: ReadonlySet<DeliveryState> = new Set(["queued", "sending", "retrying"]);

/** What is still to be done at a destination: where the message is being withdrawn, that. */
export function pendingAt(deliveries: readonly DecidedDelivery[], destination: string): DecidedDelivery | undefined {
  const there = deliveries.filter((delivery) => delivery.destination === destination);
  return there.find(({ purpose }) => purpose === "withdraw") ?? there[0];
}

/**
 * Decides about a message: locks what that may change, every lane of its conversation, then the message, then its
 * deliveries (store/locks.ts). A purge may be faster, and then there is nothing to decide.
 */
export async function decide<Answer>(
  db: Transaction,
  id: string,
  verb: (decided: Decided) => Promise<Answer>,
): Promise<Answer | "absent"> {
  const found = await findDecided(db, id);
  if (!found) return "absent";
  const conversation = { channel: found.channel, key: found.laneKey };
  await lockConversation(db, conversation, ["prepare", ...(await destinationsOf(db, id))]);
  const message = await lockDecided(db, id);
  const answer = message && (await verb({ message, deliveries: await lockDeliveries(db, message) }));
  await forgetEmptyLanes(db, conversation);
  return answer ?? "absent";
}
