import type { MessageState } from "#src/message/state.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { place } from "#src/store/sealed/message.ts";
import { addWork, changeDeliveries, laterOfDay, moveMessage, type DecidedMessage } from "#src/store/sql/decide.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { decide, IN_LANE } from "./decided.ts";

/**
 * `already`: it is on its way. `withdrawn`: it was taken out of the chart. `day`: a later message of the day made a newer
 * version of its document, which this one would replace. `nothing`: the destination has no delivery of the message.
 */
export type Resent = "resent" | "already" | "withdrawn" | "day" | "nothing" | "absent";

const DELIVERED: ReadonlySet<MessageState> = new Set(["routed", "failed", "filed"]);

/**
 * Sends a message to one destination once more, whatever became of it there: the identical bytes under the same ids, in
 * its place in the conversation. Until they are accepted and confirmed it is not filed, and its retention begins anew.
 */
export async function resendDelivery(
  db: Transaction,
  sealer: Pick<Sealer, "open">,
  id: string,
  { destination, now }: { readonly destination: string; readonly now: Date },
): Promise<Resent> {
  return decide(db, id, async ({ message, deliveries }) => {
    if (message.state === "withdrawn" || deliveries.some(({ purpose }) => purpose === "withdraw")) return "withdrawn";
    const again = deliveries.find((delivery) => delivery.destination === destination);
    if (!again || !DELIVERED.has(message.state)) return "nothing";
    if (IN_LANE.has(again.state)) return "already";
    if (await isOutdated(db, sealer, message, destination)) return "day";
    await changeDeliveries(db, message, [again], "resent");
    await addWork(db, message, [{ stage: destination, count: 1 }], again.state === "failed");
    const failed = deliveries.some((one) => one !== again && one.state === "failed");
    if (message.state !== "routed" && !failed) await moveMessage(db, message, "routed", now);
    return "resent";
  });
}

/** Whether the destination has, or gets, a newer version of the document the message is in. */
async function isOutdated(
  db: Transaction,
  sealer: Pick<Sealer, "open">,
  message: DecidedMessage,
  destination: string,
): Promise<boolean> {
  if (message.day === null || !message.routed) return false;
  const documentOf = ({ epoch, id, routed }: { epoch: number; id: string; routed: Buffer }) =>
    openAt(sealer, place.message(epoch, id, "routed"), routed).day?.document;
  const own = documentOf({ ...message, routed: message.routed });
  const later = await laterOfDay(db, message, destination);
  return own !== undefined && later.some((one) => documentOf(one) === own);
}
