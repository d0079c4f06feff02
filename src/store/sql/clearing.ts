import type { Evidence, LinkRole, LinkScope } from "#src/message/link.ts";
import type { HoldReason } from "#src/message/message.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/** What one contact wrote in one conversation and is held: to be decided as one. */
export interface TaskKey {
  readonly channel: string;
  readonly laneKey: Buffer;
  /** Empty where the messages show nobody. */
  readonly contactBi: Buffer;
}

/** What somebody wants to be done, and another has to confirm. */
export interface Proposal {
  readonly patientId: string;
  readonly role: LinkRole;
  readonly scope: LinkScope;
  readonly evidence: Evidence;
  readonly level: number;
  /** The messages meant; absent: all that are held when it is confirmed. */
  readonly messageIds?: readonly string[];
}

/** What is asked of a sender nobody can place. */
export type Wanted = "contact_card" | "code" | "answer";

export interface TaskRow extends TaskKey {
  readonly id: string;
  readonly openedAt: Date;
  readonly dueAt: Date;
  readonly escalateAt: Date;
  readonly escalatedAt: Date | null;
  readonly lockedAt: Date | null;
  readonly wanted: Wanted | null;
  readonly wantedAt: Date | null;
  readonly proposal: Proposal | null;
  readonly proposedAt: Date | null;
  readonly proposedBy: string | null;
  readonly proposerBi: Buffer | null;
  readonly closedAt: Date | null;
  readonly closedAs: string | null;
  /** How often somebody typed what did not match. */
  readonly misses: number;
}

/** A task in a list, with what is held. */
export interface ListedTask extends TaskRow {
  readonly reasons: Readonly<Partial<Record<HoldReason, number>>>;
  readonly messages: number;
  readonly oldestAt: Date;
}

const TASK = `task.id, task.channel, task.lane_key AS "laneKey", task.contact_bi AS "contactBi", task.opened_at AS "openedAt",
  task.due_at AS "dueAt", task.escalate_at AS "escalateAt", task.escalated_at AS "escalatedAt", task.locked_at AS "lockedAt",
  task.wanted, task.wanted_at AS "wantedAt", task.proposal, task.proposed_at AS "proposedAt",
  task.proposed_by AS "proposedBy", task.proposer_bi AS "proposerBi", task.closed_at AS "closedAt",
  task.closed_as AS "closedAs",
  (SELECT coalesce(sum(misses), 0)::int FROM clearing_miss WHERE clearing_miss.task_id = task.id) AS misses`;

const HELD_OF_TASK = `message.channel = task.channel AND message.lane_key = task.lane_key AND message.state = 'held'
  AND coalesce(message.contact_bi, '') = task.contact_bi`;

export interface TaskFilter {
  readonly channels?: readonly string[] | undefined;
  readonly reason?: HoldReason | undefined;
  readonly state?: "open" | "proposed" | "locked" | "overdue" | undefined;
  /** The id of the last task of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly now: Date;
}

const IN_STATE = `CASE $3::text WHEN 'open' THEN task.proposal IS NULL AND task.locked_at IS NULL
  WHEN 'proposed' THEN task.proposal IS NOT NULL WHEN 'locked' THEN task.locked_at IS NOT NULL
  WHEN 'overdue' THEN task.due_at < $6 ELSE true END`;

/** Open tasks, the longest waiting first. */
export async function listTasks(db: Queryable, filter: TaskFilter): Promise<ListedTask[]> {
  const { rows } = await db.query<ListedTask>(
    `SELECT ${TASK}, held.* FROM clearing_task AS task
     CROSS JOIN LATERAL (SELECT jsonb_object_agg(reason, count) AS reasons, sum(count)::int AS messages, min(oldest) AS "oldestAt"
       FROM (SELECT reason, count(*) AS count, min(received_at) AS oldest FROM message WHERE ${HELD_OF_TASK} GROUP BY reason)
         AS by_reason) AS held
     WHERE task.closed_at IS NULL AND held.messages > 0 AND ($1::text[] IS NULL OR task.channel = ANY ($1))
       AND ($2::text IS NULL OR held.reasons ? $2) AND ${IN_STATE}
       AND ($4::uuid IS NULL OR (task.opened_at, task.id) > (SELECT opened_at, id FROM clearing_task WHERE id = $4))
     ORDER BY task.opened_at, task.id LIMIT $5`,
    [
      filter.channels ?? null,
      filter.reason ?? null,
      filter.state ?? null,
      filter.after ?? null,
      filter.limit,
      filter.now,
    ],
  );
  return rows;
}

export async function findTask(db: Queryable, id: string): Promise<TaskRow | undefined> {
  const { rows } = await db.query<TaskRow>(`SELECT ${TASK} FROM clearing_task AS task WHERE task.id = $1`, [id]);
  return rows[0];
}

/** After lanes and messages (locks.ts). */
export async function lockTask(db: Transaction, id: string): Promise<TaskRow | undefined> {
  await db.query("SELECT FROM clearing_task WHERE id = $1 FOR UPDATE", [id]);
  return findTask(db, id);
}

/** What is held and has no task, and since when. */
export async function heldWithoutTask(db: Queryable): Promise<(TaskKey & { since: Date })[]> {
  const { rows } = await db.query<TaskKey & { since: Date }>(
    `SELECT held.* FROM (SELECT channel, lane_key AS "laneKey", coalesce(contact_bi, '') AS "contactBi", min(state_at) AS since
       FROM message WHERE state = 'held' GROUP BY 1, 2, 3) AS held
     WHERE NOT EXISTS (SELECT FROM clearing_task AS task WHERE task.closed_at IS NULL AND task.channel = held.channel
       AND task.lane_key = held."laneKey" AND task.contact_bi = held."contactBi")`,
  );
  return rows;
}

/** Open tasks of which nothing is held, or under way, any more. */
export async function tasksDone(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT task.id FROM clearing_task AS task WHERE task.closed_at IS NULL
       AND NOT EXISTS (SELECT FROM message WHERE ${HELD_OF_TASK})
       AND NOT EXISTS (SELECT FROM message WHERE message.channel = task.channel AND message.lane_key = task.lane_key
         AND (message.state || '') = 'received' AND coalesce(message.contact_bi, '') = task.contact_bi)`,
  );
  return rows.map(({ id }) => id);
}

export interface TaskDraft extends TaskKey {
  readonly id: string;
  readonly openedAt: Date;
  readonly dueAt: Date;
  readonly escalateAt: Date;
  readonly wanted: Wanted | null;
  readonly wantedAt: Date | null;
}

/** Opens tasks; two engines may want the same. */
export async function openTasks(db: Transaction, drafts: readonly TaskDraft[]): Promise<void> {
  await db.query(
    `INSERT INTO clearing_task (id, channel, lane_key, contact_bi, opened_at, due_at, escalate_at, wanted, wanted_at)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::timestamptz[],
       $7::timestamptz[], $8::text[], $9::timestamptz[])
     ON CONFLICT (channel, lane_key, contact_bi) WHERE closed_at IS NULL DO NOTHING`,
    columns(drafts, ["id", "channel", "laneKey", "contactBi", "openedAt", "dueAt", "escalateAt", "wanted", "wantedAt"]),
  );
}

export async function closeTasks(db: Transaction, ids: readonly string[], as: string, now: Date): Promise<void> {
  await db.query(
    `UPDATE clearing_task SET closed_at = $3, closed_as = $2, proposal = NULL, proposed_at = NULL, proposed_by = NULL,
       proposer_bi = NULL WHERE id = ANY ($1::uuid[]) AND closed_at IS NULL`,
    [ids, as, now],
  );
}

export async function propose(
  db: Transaction,
  id: string,
  proposal: Proposal,
  by: { readonly actor: string; readonly subjectBi: Buffer; readonly now: Date },
): Promise<void> {
  await db.query(
    `UPDATE clearing_task SET proposal = $2, proposed_at = $3, proposed_by = $4, proposer_bi = $5 WHERE id = $1`,
    [id, JSON.stringify(proposal), by.now, by.actor, by.subjectBi],
  );
}

export async function withdrawProposal(db: Transaction, id: string): Promise<void> {
  await db.query(
    "UPDATE clearing_task SET proposal = NULL, proposed_at = NULL, proposed_by = NULL, proposer_bi = NULL WHERE id = $1",
    [id],
  );
}

export async function setWanted(db: Transaction, id: string, wanted: Wanted, now: Date): Promise<void> {
  await db.query("UPDATE clearing_task SET wanted = $2, wanted_at = $3 WHERE id = $1", [id, wanted, now]);
}

export async function setLocked(db: Transaction, id: string, at: Date | null): Promise<void> {
  await db.query("UPDATE clearing_task SET locked_at = $2 WHERE id = $1", [id, at]);
}

/** Counts a miss. @returns how many of this task there are now */
export async function countMiss(db: Transaction, taskId: string, actor: string, now: Date): Promise<number> {
  await db.query(
    `INSERT INTO clearing_miss (task_id, actor, misses, last_at) VALUES ($1, $2, 1, $3)
     ON CONFLICT (task_id, actor) DO UPDATE SET misses = clearing_miss.misses + 1, last_at = EXCLUDED.last_at`,
    [taskId, actor, now],
  );
  return (await findTask(db, taskId))?.misses ?? 0;
}

/** Who typed what did not match. */
export async function missersOf(db: Queryable, taskId: string): Promise<string[]> {
  const { rows } = await db.query<{ actor: string }>("SELECT actor FROM clearing_miss WHERE task_id = $1", [taskId]);
  return rows.map(({ actor }) => actor);
}

export async function forgetMisses(db: Transaction, taskId: string): Promise<void> {
  await db.query("DELETE FROM clearing_miss WHERE task_id = $1", [taskId]);
}

/** Misses of one person, whatever the task. */
export async function missesBy(db: Queryable, actor: string, since: Date): Promise<number> {
  const { rows } = await db.query<{ misses: number }>(
    "SELECT coalesce(sum(misses), 0)::int AS misses FROM clearing_miss WHERE actor = $1 AND last_at > $2",
    [actor, since],
  );
  return rows[0]?.misses ?? 0;
}

export interface Proof {
  readonly id: string;
  readonly taskId: string;
  readonly actor: string;
  readonly patientId: string;
  readonly until: Date;
}

export async function writeProof(db: Transaction, { id, taskId, actor, patientId, until }: Proof): Promise<void> {
  await db.query("INSERT INTO clearing_proof (id, task_id, actor, patient_id, until) VALUES ($1, $2, $3, $4, $5)", [
    id,
    taskId,
    actor,
    patientId,
    until,
  ]);
}

/** Takes a proof: it is good once. */
export async function takeProof(db: Transaction, proof: Omit<Proof, "patientId" | "until">, now: Date) {
  const { rows } = await db.query<{ patientId: string }>(
    `DELETE FROM clearing_proof WHERE id = $1 AND task_id = $2 AND actor = $3 AND until > $4
     RETURNING patient_id AS "patientId"`,
    [proof.id, proof.taskId, proof.actor, now],
  );
  return rows[0]?.patientId;
}
