import type { MessageKind } from "#src/message/content.ts";
import type { HoldReason } from "#src/message/message.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import type { TaskKey } from "./clearing.ts";

/** A held message of a task. */
export interface HeldMessage {
  readonly epoch: number;
  readonly id: string;
  readonly seq: number;
  readonly kind: MessageKind;
  readonly reason: HoldReason;
  readonly receivedAt: Date;
  readonly sealed: Buffer;
}

/** Reasons that end once somebody has said who wrote. */
export const WHOSE: ReadonlySet<HoldReason> = new Set([
  "unknown",
  "unasked",
  "ambiguous",
  "unverified",
  "number_moved",
  "same_patient",
]);

const HELD = `SELECT epoch, id, seq, kind, reason, received_at AS "receivedAt", sealed FROM message
  WHERE channel = $1 AND lane_key = $2 AND state = 'held' AND coalesce(contact_bi, '') = $3`;

/** As much of a task as people look at: whoever writes without end must not fill memory. */
const MOST_SHOWN = 500;

/** What is held of a task, in order; of more than that the first. */
export async function heldOf(db: Queryable, { channel, laneKey, contactBi }: TaskKey): Promise<HeldMessage[]> {
  const { rows } = await db.query<HeldMessage>(`${HELD} ORDER BY seq LIMIT $4`, [
    channel,
    laneKey,
    contactBi,
    MOST_SHOWN,
  ]);
  return rows;
}

/** How much of a task is held, and why. */
export async function countHeld(
  db: Queryable,
  { channel, laneKey, contactBi }: TaskKey,
): Promise<{ reason: HoldReason; count: number }[]> {
  const { rows } = await db.query<{ reason: HoldReason; count: number }>(
    `SELECT reason, count(*)::int AS count FROM message WHERE channel = $1 AND lane_key = $2 AND state = 'held'
       AND coalesce(contact_bi, '') = $3 GROUP BY reason`,
    [channel, laneKey, contactBi],
  );
  return rows;
}

export async function lockHeld(db: Transaction, { channel, laneKey, contactBi }: TaskKey): Promise<HeldMessage[]> {
  const { rows } = await db.query<HeldMessage>(`${HELD} ORDER BY epoch, id FOR UPDATE`, [channel, laneKey, contactBi]);
  return rows.toSorted((a, b) => a.seq - b.seq);
}

/** Says of held messages whose they are. */
export async function bindMessages(db: Transaction, ids: readonly string[], linkId: string): Promise<void> {
  await db.query("UPDATE message SET link_id = $2 WHERE id = ANY ($1::uuid[]) AND state = 'held'", [ids, linkId]);
}

/** Lets held messages be decided again. */
export async function letIn(db: Transaction, ids: readonly string[], now: Date): Promise<void> {
  await db.query(
    `UPDATE message SET state = 'received', reason = NULL, state_at = $2,
       history = history || jsonb_build_object('state', 'received', 'at', $2::timestamptz)
     WHERE id = ANY ($1::uuid[]) AND state = 'held'`,
    [ids, now],
  );
}

/** Ends held messages as not for this house: kept for as long as what a filter stops. */
export async function rejectMessages(
  db: Transaction,
  ids: readonly string[],
  { now, retainUntil }: { readonly now: Date; readonly retainUntil: Date },
): Promise<void> {
  await db.query(
    `UPDATE message SET state = 'filtered', reason = 'not_ours', state_at = $2, retain_until = $3,
       history = history || jsonb_build_object('state', 'filtered', 'at', $2::timestamptz)
     WHERE id = ANY ($1::uuid[]) AND state = 'held'`,
    [ids, now, retainUntil],
  );
}

/** When the number of a contact was last known to be somebody else's. */
export async function numberLeftAt(db: Queryable, phoneBi: Buffer): Promise<Date | undefined> {
  const { rows } = await db.query<{ at: Date }>("SELECT left_at AS at FROM number_left WHERE phone_bi = $1", [phoneBi]);
  return rows[0]?.at;
}

/** Who made these machine tokens, by their names in the journal. */
export async function makersOf(db: Queryable, actors: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ actor: string; by: string }>(
    `SELECT 'token:' || name AS actor, created_by AS by FROM access_token WHERE 'token:' || name = ANY ($1::text[])`,
    [actors],
  );
  return new Map(rows.map(({ actor, by }) => [actor, by]));
}

/** A task of which nothing is proposed any more, and who had proposed it. */
export interface FallenProposal {
  readonly id: string;
  readonly proposedBy: string | null;
}

/** Takes off the table what is proposed of these patients, and what was typed for them and not used yet. */
export async function dropProposals(db: Transaction, patientIds: readonly string[]): Promise<FallenProposal[]> {
  await db.query("DELETE FROM clearing_proof WHERE patient_id = ANY ($1::uuid[])", [patientIds]);
  const { rows } = await db.query<FallenProposal>(
    `WITH fallen AS (SELECT id, proposed_by FROM clearing_task WHERE closed_at IS NULL
       AND proposal->>'patientId' = ANY ($1::text[]) ORDER BY id FOR UPDATE)
     UPDATE clearing_task SET proposal = NULL, proposed_at = NULL, proposed_by = NULL, proposer_bi = NULL FROM fallen
     WHERE clearing_task.id = fallen.id RETURNING fallen.id, fallen.proposed_by AS "proposedBy"`,
    [patientIds],
  );
  return rows;
}
