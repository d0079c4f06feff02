import type { Queryable } from "../queryable.ts";
import { moveMessage, openPrepareLanes } from "./reprocess.ts";

/**
 * Lets a quarantined message go on with its attachments as they are. Refused where one of them has no bytes that could
 * be filed, for then there is nothing to let go.
 */
export async function releaseMessage(
  db: Queryable,
  id: string,
  now: Date,
): Promise<"released" | "refused" | "no_bytes" | "absent"> {
  const { rows } = await db.query<{
    state: string;
    reason: string | null;
    channel: string;
    laneKey: Buffer;
    epoch: number;
  }>(`SELECT state, reason, channel, lane_key AS "laneKey", epoch FROM message WHERE id = $1 FOR UPDATE`, [id]);
  const message = rows[0];
  if (!message) return "absent";
  if (message.state !== "held" || message.reason !== "quarantine") return "refused";
  const { rows: attachments } = await db.query<{ id: string; verdict: string; fetched: boolean }>(
    `SELECT id, verdict, bytes IS NOT NULL AS fetched FROM attachment WHERE epoch = $1 AND message_id = $2 FOR UPDATE`,
    [message.epoch, id],
  );
  const refused = attachments.filter(({ verdict }) => verdict === "quarantined" || verdict === "gone");
  if (refused.length === 0 || refused.some(({ fetched }) => !fetched)) return "no_bytes";
  await db.query(`UPDATE attachment SET verdict = 'released' WHERE epoch = $1 AND id = ANY ($2::uuid[])`, [
    message.epoch,
    refused.map((attachment) => attachment.id),
  ]);
  await moveMessage(db, message.epoch, id, "received", now);
  await openPrepareLanes(db, [message]);
  return "released";
}
