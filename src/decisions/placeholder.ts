import type { Transaction } from "#src/store/queryable.ts";
import { judgeAgain, noteWaits, tellCharts } from "#src/store/sql/attachment-waits.ts";
import { addWork, hurry, moveMessage, type DecidedMessage } from "#src/store/sql/decide.ts";
import { decide } from "./decided.ts";

/**
 * Ends the waiting for a message's attachments: the chart shows a line in place of each. One that cannot be fetched is late,
 * and follows if it comes; one that was refused is left out for good; of a message that went on already the line becomes
 * final.
 */
export async function fileWithPlaceholders(
  db: Transaction,
  id: string,
  now: Date,
): Promise<"goes_on" | "refused" | "absent"> {
  return decide(db, id, async ({ message }) => {
    const { state, reason } = message;
    if (state === "received") return goOnWithoutPending(db, message);
    if (state !== "held") return makeFinal(db, message);
    return reason === "quarantine" ? goOnWithoutRefused(db, message, now) : "refused";
  });
}

async function goOnWithoutPending(db: Transaction, message: DecidedMessage): Promise<"goes_on" | "refused"> {
  const late = await judgeAgain(db, message, ["pending"], "late");
  if (late.length === 0) return "refused";
  const { id: messageId, channel } = message;
  const state = "late" as const;
  await noteWaits(
    db,
    late.map((attachmentId) => ({ attachmentId, messageId, channel, state, lastError: null })),
  );
  await hurry(db, message);
  return "goes_on";
}

async function goOnWithoutRefused(db: Transaction, message: DecidedMessage, now: Date): Promise<"goes_on" | "refused"> {
  const leftOut = await judgeAgain(db, message, ["quarantined", "gone"], "left_out");
  if (leftOut.length === 0) return "refused";
  await moveMessage(db, message, "received", now);
  await addWork(db, message, [{ stage: "prepare", count: 1 }]);
  return "goes_on";
}

async function makeFinal(db: Transaction, message: DecidedMessage): Promise<"goes_on" | "refused"> {
  const missing = await judgeAgain(db, message, ["late"], "missing");
  const leftOut = await judgeAgain(db, message, ["quarantined"], "left_out");
  const ended = [...missing, ...leftOut];
  if (ended.length === 0) return "refused";
  await tellCharts(db, ended);
  return "goes_on";
}
