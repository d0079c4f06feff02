import type { Transaction } from "#src/store/queryable.ts";
import { addWork, changeDeliveries, moveMessage } from "#src/store/sql/decide.ts";
import { concludeMessages } from "#src/store/sql/deliveries.ts";
import { releaseDeletions } from "#src/store/sql/media-deletion.ts";
import { decide, IN_LANE, pendingAt } from "./decided.ts";
import type { Terms } from "./terms.ts";

/**
 * `sending`: an attempt is under way. `over`: the destination has it, or it was cancelled. `nothing`: the destination has
 * no delivery of the message.
 */
export type Skipped = "skipped" | "already" | "sending" | "over" | "nothing" | "absent";

/**
 * Gives up a delivery, or the withdrawal of one, at one destination: its conversation goes on there, and the message is
 * filed where all the others have it. What is skipped confirms nothing, so a message that nobody is left to confirm
 * stays `failed`, and no purge takes it.
 */
export async function skipDelivery(
  db: Transaction,
  id: string,
  destination: string,
  { policyOf, now, retainFrom }: Terms,
): Promise<Skipped> {
  return decide(db, id, async ({ message, deliveries }) => {
    const skipped = pendingAt(deliveries, destination);
    if (!skipped) return "nothing";
    const { state, toConfirm } = skipped;
    if (state === "skipped") return "already";
    if (state === "sending") return "sending";
    if (message.state !== "routed" && message.state !== "failed") return "over";
    if (!IN_LANE.has(state) && state !== "failed" && !toConfirm) return "over";
    await changeDeliveries(db, message, [skipped], "skipped");
    await addWork(db, message, [{ stage: destination, count: IN_LANE.has(state) ? -1 : 0 }], state === "failed");
    const failed = deliveries.some((one) => one !== skipped && one.state === "failed");
    if (message.state === "failed" && !failed) await moveMessage(db, message, "routed", now);
    const { epoch, filing, kind } = message;
    const outcome = { epoch, messageId: id, filing, kind, ...policyOf(message.channel) };
    await concludeMessages(db, [outcome], now, retainFrom);
    await releaseDeletions(db, [outcome]);
    return "skipped";
  });
}
