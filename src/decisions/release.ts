import type { Transaction } from "#src/store/queryable.ts";
import { shareDirectory } from "#src/store/locks.ts";
import { tellCharts } from "#src/store/sql/attachment-waits.ts";
import {
  acceptOwner,
  addWork,
  movedNumberOf,
  moveMessage,
  refusedAttachments,
  releaseAttachments,
  writeWithdrawal,
  type DecidedMessage,
} from "#src/store/sql/decide.ts";
import { lockAffected } from "#src/store/sql/readdress.ts";
import { reenterHeld } from "#src/store/sql/reenter.ts";
import { decide } from "./decided.ts";

/**
 * Lets a message go on that waits for somebody's word: a quarantined one with its attachments as they are, one whose
 * number the directory moved to another patient, as that patient's, or one into the chart it was withdrawn from, if that
 * was the error. Refused where an attachment has no bytes that could be filed, for then there is nothing to let go.
 */
export async function releaseMessage(
  db: Transaction,
  id: string,
  now: Date,
): Promise<"released" | "refused" | "no_bytes" | "absent"> {
  const moved = await movedNumberOf(db, id);
  if (moved) return acceptMove(db, moved, now);
  return decide(db, id, async ({ message }) => {
    if (["routed", "filed", "failed"].includes(message.state)) return releaseLate(db, message);
    if (message.state !== "held") return "refused";
    if (message.reason === "same_patient") {
      await writeWithdrawal(db, message, null);
      return goOn(db, message, now);
    }
    if (message.reason !== "quarantine") return "refused";
    const refused = await refusedAttachments(db, message);
    if (refused.length === 0 || refused.some(({ fetched }) => !fetched)) return "no_bytes";
    await releaseAttachments(
      db,
      message.epoch,
      refused.map((attachment) => attachment.id),
    );
    return goOn(db, message, now);
  });
}

/** The number is from now on the patient's who carries it; whatever else waits for this word goes on too. */
async function acceptMove(db: Transaction, number: Buffer, now: Date): Promise<"released" | "refused"> {
  await shareDirectory(db);
  await lockAffected(db, [number], []);
  if (!(await acceptOwner(db, number))) return "refused";
  await reenterHeld(db, [number], now);
  return "released";
}

/** What came late and was refused follows its message as it is. */
async function releaseLate(db: Transaction, message: DecidedMessage): Promise<"released" | "refused" | "no_bytes"> {
  const refused = await refusedAttachments(db, message);
  if (refused.length === 0) return "refused";
  if (refused.some(({ fetched }) => !fetched)) return "no_bytes";
  const ids = refused.map((attachment) => attachment.id);
  await releaseAttachments(db, message.epoch, ids);
  await tellCharts(db, ids);
  return "released";
}

async function goOn(db: Transaction, message: DecidedMessage, now: Date): Promise<"released"> {
  await moveMessage(db, message, "received", now);
  await addWork(db, message, [{ stage: "prepare", count: 1 }]);
  return "released";
}
