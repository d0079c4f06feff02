import type { Transaction } from "#src/store/queryable.ts";
import { askNow } from "#src/store/sql/attachment-waits.ts";
import { addWork, beginFiling, changeDeliveries, hurry, moveMessage } from "#src/store/sql/decide.ts";
import { decide, type Decided } from "./decided.ts";

/**
 * Sends a held, filtered or withdrawn message through the pipeline again, or requeues the failed deliveries of a failed
 * one (the skipped ones where none failed), or those of a routed one that a chart accepted and does not show: it may have
 * lost them, and what is sent again has the same ids. What waits for its next attempt is tried at once.
 */
export async function reprocessMessage(
  db: Transaction,
  id: string,
  now: Date,
): Promise<"again" | "refused" | "absent"> {
  return decide(db, id, async (decided) => {
    const { state, orphaned } = decided.message;
    if (state === "held" || state === "filtered") return prepareAnew(db, decided, now);
    if (state === "withdrawn") return fileAnew(db, decided, now);
    if (state === "received") return tryNow(db, decided);
    const asked = await askNow(db, id);
    if (state !== "failed" && state !== "routed") return asked > 0 ? "again" : "refused";
    const withdrawing = decided.deliveries.some(({ purpose }) => purpose === "withdraw");
    const anew = state === "failed" && orphaned && !withdrawing ? identifyAnew : deliverAnew;
    const delivered = await anew(db, decided, now);
    return asked > 0 ? "again" : delivered;
  });
}

/** What waits to be tried again, or to be read back, does so at once. */
async function tryNow(db: Transaction, { message }: Decided): Promise<"again"> {
  await hurry(db, message);
  return "again";
}

async function prepareAnew(db: Transaction, { message }: Decided, now: Date): Promise<"again"> {
  await moveMessage(db, message, "received", now);
  await addWork(db, message, [{ stage: "prepare", count: 1 }]);
  return "again";
}

/** Decides a withdrawn message by the link of today, and files it under ids that do not clash with what was revoked. */
async function fileAnew(db: Transaction, decided: Decided, now: Date): Promise<"again"> {
  await beginFiling(db, decided.message);
  return prepareAnew(db, decided, now);
}

async function deliverAnew(db: Transaction, { message, deliveries }: Decided, now: Date): Promise<"again" | "refused"> {
  const failed = message.state === "failed";
  const stopped = deliveries.some(({ state }) => state === "failed") ? "failed" : "skipped";
  const again = deliveries.filter(({ state, notShown }) => (failed ? state === stopped : notShown));
  if (again.length === 0) return failed ? "refused" : tryNow(db, { message, deliveries });
  await changeDeliveries(db, message, again, stopped === "failed" ? "queued" : "resent");
  if (failed) await moveMessage(db, message, "routed", now);
  const work = again.map(({ destination: stage }) => ({ stage, count: 1 }));
  await addWork(db, message, work, true);
  return "again";
}

/** A message whose patient was deleted goes through identification again, unless a destination has it already. */
async function identifyAnew(db: Transaction, decided: Decided, now: Date): Promise<"again" | "refused"> {
  const { message, deliveries } = decided;
  if (deliveries.some(({ state }) => ["accepted", "confirmed", "sending"].includes(state))) return "refused";
  const open = deliveries.filter(({ state }) => state !== "cancelled");
  await changeDeliveries(db, message, open, "cancelled");
  const work = deliveries.map(({ destination: stage, state }) => {
    return { stage, count: state === "queued" || state === "retrying" ? -1 : 0 };
  });
  await addWork(db, message, work, true);
  return prepareAnew(db, decided, now);
}
