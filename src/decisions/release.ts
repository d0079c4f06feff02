import type { Transaction } from "#src/store/queryable.ts";
import { addWork, moveMessage, refusedAttachments, releaseAttachments } from "#src/store/sql/decide.ts";
import { decide } from "./decided.ts";

/**
 * Lets a quarantined message go on with its attachments as they are. Refused where one of them has no bytes that could
 * be filed, for then there is nothing to let go.
 */
export async function releaseMessage(
  db: Transaction,
  id: string,
  now: Date,
): Promise<"released" | "refused" | "no_bytes" | "absent"> {
  return decide(db, id, async ({ message }) => {
    if (message.state !== "held" || message.reason !== "quarantine") return "refused";
    const refused = await refusedAttachments(db, message);
    if (refused.length === 0 || refused.some(({ fetched }) => !fetched)) return "no_bytes";
    await releaseAttachments(
      db,
      message.epoch,
      refused.map((attachment) => attachment.id),
    );
    await moveMessage(db, message, "received", now);
    await addWork(db, message, [{ stage: "prepare", count: 1 }]);
    return "released";
  });
}
