import { WITHDRAWALS, type MessageState, type Withdrawal } from "#src/message/state.ts";
import type { Transaction } from "#src/store/queryable.ts";
import {
  addWork,
  changeDeliveries,
  keepWithdrawn,
  moveMessage,
  queueWithdrawals,
  writeWithdrawal,
  type DecidedDelivery,
} from "#src/store/sql/decide.ts";
import { withdrawRehomings } from "#src/store/sql/rehomings.ts";
import { decide, IN_LANE, type Decided } from "./decided.ts";
import type { Terms } from "./terms.ts";

/**
 * `changed`: it was withdrawn before, for another reason. `sending`: an attempt is under way. `nowhere`: no destination
 * has, or may have, the message. `day`: it stands in a document with others, which would go with it.
 */
export type Withdrawn = "withdrawing" | "changed" | "already" | "sending" | "nowhere" | "day" | "absent";

const MAY_BE_FILED: ReadonlySet<MessageState> = new Set(["routed", "failed", "filed"]);

/**
 * Takes a message out of every chart it is in, or may be in: beside each delivery that was sent stands another that
 * withdraws it, in the same lane; what was not sent is cancelled, and nothing of the message is filed any more. The
 * message is `routed` until all of them are accepted, so that no purge takes it before, and `withdrawn` then. Asked again,
 * only the reason changes, and with it how long it is kept.
 */
export async function withdrawMessage(
  db: Transaction,
  id: string,
  reason: Withdrawal,
  terms: Terms,
): Promise<Withdrawn> {
  return decide(db, id, async (decided) => {
    const { message, deliveries } = decided;
    if (deliveries.some(({ purpose }) => purpose === "withdraw")) return changeReason(db, decided, reason, terms);
    const sent = deliveries.filter((delivery) => delivery.sent).map(({ destination }) => destination);
    if (!MAY_BE_FILED.has(message.state) || message.kind === "hl7" || sent.length === 0) return "nowhere";
    if (message.day !== null) return "day";
    // Its bytes are on the way: only after its answer is it known what there is to withdraw.
    if (deliveries.some(({ state }) => state === "sending")) return "sending";
    await changeDeliveries(db, message, deliveries.filter(isOpen), "cancelled");
    await queueWithdrawals(db, message, sent, terms.now);
    await writeWithdrawal(db, message, reason);
    if (message.state !== "routed") await moveMessage(db, message, "routed", terms.now);
    await addWork(db, message, deliveries.map(workOf));
    // A delivery that failed parked its lane; nobody waits for it any more.
    const failed = deliveries.filter(({ state }) => state === "failed");
    const parked = failed.map(({ destination: stage }) => ({ stage, count: 0 }));
    await addWork(db, message, parked, true);
    await withdrawRehomings(db, id, terms.now);
    return "withdrawing";
  });
}

async function changeReason(
  db: Transaction,
  { message }: Decided,
  reason: Withdrawal,
  { policyOf, retainFrom }: Terms,
): Promise<"changed" | "already"> {
  if (message.withdrawal === reason) return "already";
  await writeWithdrawal(db, message, reason);
  if (message.state === "withdrawn") {
    const forMs = WITHDRAWALS[reason].forGood ? policyOf(message.channel).afterFiledMs : null;
    await keepWithdrawn(db, message, { reason, from: retainFrom, forMs });
  }
  return "changed";
}

/** What was not sent, what was refused, and reading back what is not to be there any more. */
function isOpen({ state, toConfirm }: DecidedDelivery): boolean {
  return IN_LANE.has(state) || state === "failed" || state === "skipped" || toConfirm;
}

/** What comes into the lane, one withdrawal for whatever was sent there, less what was cancelled in it. */
function workOf({ destination: stage, purpose, state, sent }: DecidedDelivery) {
  return { stage, count: (sent && purpose === "file" ? 1 : 0) - (IN_LANE.has(state) ? 1 : 0) };
}
