import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/** Live, verified links of contacts not heard of since a day, and when they last wrote as far as it is still stored. */
export async function quietLinks(
  db: Queryable,
  before: Date,
): Promise<{ id: string; seenAt: Date; heardAt: Date | null }[]> {
  const { rows } = await db.query<{ id: string; seenAt: Date; heardAt: Date | null }>(
    `SELECT link.id, link.seen_at AS "seenAt",
       (SELECT max(message.received_at) FROM message WHERE message.contact_bi = link.contact_bi) AS "heardAt"
     FROM patient_link AS link
     WHERE link.ended_at IS NULL AND link.scope <> 'once' AND link.level >= 2 AND link.seen_at < $1`,
    [before],
  );
  return rows;
}

/** Notes when contacts last wrote; nothing that a decision rests on changes. */
export async function noteSeen(
  db: Queryable,
  seen: readonly { readonly id: string; readonly heardAt: Date }[],
): Promise<void> {
  await db.query(
    `UPDATE patient_link SET seen_at = new.at FROM unnest($1::uuid[], $2::timestamptz[]) AS new (id, at)
     WHERE patient_link.id = new.id AND patient_link.seen_at < new.at`,
    columns(seen, ["id", "heardAt"]),
  );
}

/** Live links of guardians, with their patient. */
export async function guardianLinks(db: Queryable): Promise<{ id: string; patientId: string }[]> {
  const { rows } = await db.query<{ id: string; patientId: string }>(
    `SELECT link.id, patient.root_id AS "patientId" FROM patient_link AS link JOIN patient ON patient.id = link.patient_id
     WHERE link.ended_at IS NULL AND link.role = 'guardian' AND link.level > 0`,
  );
  return rows;
}

/** Live links that stand while a case is open which is not any more. */
export async function linksOfEndedCases(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT link.id FROM patient_link AS link WHERE link.ended_at IS NULL AND link.case_bi IS NOT NULL
       AND NOT EXISTS (SELECT FROM encounter JOIN encounter AS root ON root.bi = encounter.root_bi
         WHERE encounter.bi = link.case_bi AND root.state IN ('open', 'planned'))`,
  );
  return rows.map(({ id }) => id);
}

/** Forgets what has ended: codes and proofs after a day, tasks that were closed before `tasksBefore`. */
export async function forgetEnded(
  db: Transaction,
  { now, tasksBefore }: { now: Date; tasksBefore: Date },
): Promise<void> {
  await db.query(
    `DELETE FROM verification_code WHERE least(expires_at, coalesce(used_at, expires_at)) < $1::timestamptz - interval '1 day'`,
    [now],
  );
  await db.query("DELETE FROM clearing_proof WHERE until < $1", [now]);
  await db.query("DELETE FROM clearing_task WHERE closed_at < $1", [tasksBefore]);
}
