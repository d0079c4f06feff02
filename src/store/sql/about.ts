import type { Queryable } from "../queryable.ts";
import type { ReceivedRow } from "./prepare.ts";

/** An edit of the same conversation. */
export interface EditRow {
  readonly epoch: number;
  readonly id: string;
  readonly seq: number;
  readonly sealed: Buffer;
  readonly hasAttachments: boolean;
}

/** More than anybody edits while messages of a conversation are here. */
const MOST_EDITS = 500;

/** The edits of a conversation that were routed, in order. */
export async function routedEdits(
  db: Queryable,
  { channel, laneKey, contactBi }: Pick<ReceivedRow, "channel" | "laneKey" | "contactBi">,
): Promise<EditRow[]> {
  if (!contactBi) return [];
  const { rows } = await db.query<EditRow>(
    `SELECT epoch, id, seq, sealed,
       EXISTS (SELECT FROM attachment WHERE message_id = message.id) AS "hasAttachments"
     FROM message WHERE contact_bi = $1 AND lane_key = $2 AND channel = $3 AND kind = 'edit'
       AND lower(state) IN ('routed', 'filed', 'failed') ORDER BY seq DESC LIMIT $4`,
    [contactBi, laneKey, channel, MOST_EDITS],
  );
  return rows.toReversed();
}

/**
 * Which of the messages the destination holds, the purged ones by their tombstones: accepted there, not taken out again
 * since it was filed last, and of the same patient as the message `like`, as far as they are still here.
 */
export async function heldAt(
  db: Queryable,
  destination: string,
  ids: readonly string[],
  like: string,
): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; filing: number }>(
    `WITH said AS (
       SELECT message_id AS id, filing, purpose, state FROM delivery WHERE message_id = ANY ($1::uuid[]) AND destination = $2
       UNION ALL
       SELECT tombstone.message_id, coalesce(d.filing, 1), d.purpose, d.state
       FROM tombstone, jsonb_to_recordset(tombstone.deliveries)
         AS d (destination text, filing int, purpose text, state text)
       WHERE tombstone.message_id = ANY ($1::uuid[]) AND d.destination = $2)
     SELECT id, filing FROM said
     WHERE NOT EXISTS (SELECT FROM message AS other, message AS own
       WHERE other.id = said.id AND own.id = $3 AND other.patient_bi IS DISTINCT FROM own.patient_bi)
     GROUP BY id, filing
     HAVING bool_or(purpose = 'file' AND state IN ('accepted', 'confirmed'))
       AND NOT bool_or(purpose = 'withdraw' AND state IN ('accepted', 'confirmed', 'skipped'))
     ORDER BY filing`,
    [ids, destination, like],
  );
  return new Map(rows.map(({ id, filing }) => [id, filing]));
}
