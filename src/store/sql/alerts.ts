import type { Queryable, Transaction } from "../queryable.ts";

export interface AlertRow {
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: string;
  readonly value: number;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  readonly escalatedAt: Date | null;
}

export interface FiringDraft {
  /** For the alert, should it not be open yet. */
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: string;
  readonly value: number;
}

const COLUMNS = `id, rule, subject, severity, value, opened_at AS "openedAt", closed_at AS "closedAt",
  acknowledged_at AS "acknowledgedAt", escalated_at AS "escalatedAt"`;

/** Opens what fires and is not open; what is open is seen again. Any number of engines may say the same. */
export async function refreshAlerts(db: Queryable, firing: readonly FiringDraft[], now: Date): Promise<void> {
  if (firing.length === 0) return;
  const of = <K extends keyof FiringDraft>(name: K) => firing.map((draft) => draft[name]);
  await db.query(
    `INSERT INTO alert (id, rule, subject, severity, value, opened_at, seen_at)
     SELECT *, $6, $6 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::double precision[])
     ON CONFLICT (rule, subject) WHERE closed_at IS NULL
     DO UPDATE SET seen_at = greatest(alert.seen_at, excluded.seen_at), value = excluded.value, severity = excluded.severity`,
    [of("id"), of("rule"), of("subject"), of("severity"), of("value"), now],
  );
}

/** Closes what no engine has seen since. @returns those that had been announced */
export async function closeAlerts(db: Transaction, unseenSince: Date, now: Date): Promise<AlertRow[]> {
  const { rows } = await db.query<AlertRow & { announced: boolean }>(
    `UPDATE alert SET closed_at = $2 WHERE closed_at IS NULL AND seen_at < $1
     RETURNING ${COLUMNS}, announced_at IS NOT NULL AS announced`,
    [unseenSince, now],
  );
  return rows.filter(({ announced }) => announced);
}

/** Marks what is open, untold and not silenced as announced. @returns it */
export async function announceAlerts(db: Transaction, now: Date): Promise<AlertRow[]> {
  const { rows } = await db.query<AlertRow>(
    `UPDATE alert SET announced_at = $1 WHERE closed_at IS NULL AND announced_at IS NULL AND NOT EXISTS (
       SELECT FROM silence WHERE (silence.rule IS NULL OR silence.rule = alert.rule) AND begins_at <= $1 AND ends_at > $1)
     RETURNING ${COLUMNS}`,
    [now],
  );
  return rows;
}

/** Marks what a rule has left unacknowledged for too long as escalated. @returns it */
export async function escalateAlerts(
  db: Transaction,
  rule: string,
  openedBefore: Date,
  now: Date,
): Promise<AlertRow[]> {
  const { rows } = await db.query<AlertRow>(
    `UPDATE alert SET escalated_at = $3 WHERE rule = $1 AND closed_at IS NULL AND announced_at IS NOT NULL
       AND acknowledged_at IS NULL AND escalated_at IS NULL AND opened_at < $2 RETURNING ${COLUMNS}`,
    [rule, openedBefore, now],
  );
  return rows;
}

/** Somebody takes an open alert: it does not escalate. @returns whether there is such an open alert */
export async function acknowledgeAlert(db: Transaction, id: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE alert SET acknowledged_at = coalesce(acknowledged_at, $2) WHERE id = $1 AND closed_at IS NULL`,
    [id, now],
  );
  return rowCount === 1;
}

/** Open ones first, then the newest. */
export async function listAlerts(db: Queryable, limit: number): Promise<AlertRow[]> {
  const { rows } = await db.query<AlertRow>(
    `SELECT ${COLUMNS} FROM alert ORDER BY closed_at IS NOT NULL, opened_at DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

export interface TellingDraft {
  readonly id: string;
  readonly alertId: string;
  readonly target: string;
  readonly occasion: string;
}

export async function queueTellings(db: Transaction, tellings: readonly TellingDraft[], now: Date): Promise<void> {
  if (tellings.length === 0) return;
  const of = <K extends keyof TellingDraft>(name: K) => tellings.map((draft) => draft[name]);
  await db.query(
    `INSERT INTO alert_telling (id, alert_id, target, occasion, due_at)
     SELECT *, $5 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])`,
    [of("id"), of("alertId"), of("target"), of("occasion"), now],
  );
}

export interface DueTelling extends TellingDraft {
  readonly attempts: number;
  readonly alert: AlertRow;
}

/** Takes what is due for this engine until `again`, when anybody may take it up if it was not told. */
export async function takeTellings(db: Queryable, now: Date, again: Date): Promise<DueTelling[]> {
  const { rows } = await db.query<AlertRow & { telling: string; target: string; occasion: string; attempts: number }>(
    `WITH due AS (
       SELECT id FROM alert_telling WHERE due_at <= $1 ORDER BY due_at LIMIT 20 FOR UPDATE SKIP LOCKED
     ), taken AS (
       UPDATE alert_telling SET due_at = $2, attempts = attempts + 1 FROM due WHERE alert_telling.id = due.id
       RETURNING alert_telling.id AS telling, alert_id, target, occasion, attempts
     )
     SELECT telling, target, occasion, attempts, ${COLUMNS} FROM taken JOIN alert ON alert.id = taken.alert_id`,
    [now, again],
  );
  return rows.map(({ telling, target, occasion, attempts, ...alert }) => ({
    id: telling,
    alertId: alert.id,
    target,
    occasion,
    attempts,
    alert,
  }));
}

export async function told(db: Queryable, id: string): Promise<void> {
  await db.query(`DELETE FROM alert_telling WHERE id = $1`, [id]);
}

export interface SilenceRow {
  readonly id: string;
  readonly rule: string | null;
  readonly reason: string;
  readonly beginsAt: Date;
  readonly endsAt: Date;
}

export async function addSilence(db: Transaction, silence: SilenceRow): Promise<void> {
  const { id, rule, reason, beginsAt, endsAt } = silence;
  await db.query(`INSERT INTO silence (id, rule, reason, begins_at, ends_at) VALUES ($1, $2, $3, $4, $5)`, [
    id,
    rule,
    reason,
    beginsAt,
    endsAt,
  ]);
}

/** Ends a maintenance window now. @returns whether there was one */
export async function endSilence(db: Transaction, id: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(`UPDATE silence SET ends_at = $2 WHERE id = $1 AND ends_at > $2`, [id, now]);
  return rowCount === 1;
}

export async function listSilences(db: Queryable, now: Date): Promise<SilenceRow[]> {
  const { rows } = await db.query<SilenceRow>(
    `SELECT id, rule, reason, begins_at AS "beginsAt", ends_at AS "endsAt" FROM silence WHERE ends_at > $1 ORDER BY begins_at`,
    [now],
  );
  return rows;
}

/** The end of all three tables: closed alerts and windows that are over, after a quarter; what was never told, after a week. */
export async function forgetAlerts(db: Queryable, now: Date): Promise<void> {
  await db.query(`DELETE FROM alert WHERE closed_at < $1::timestamptz - interval '90 days'`, [now]);
  await db.query(`DELETE FROM silence WHERE ends_at < $1::timestamptz - interval '90 days'`, [now]);
  await db.query(
    `DELETE FROM alert_telling USING alert WHERE alert.id = alert_id AND opened_at < $1::timestamptz - interval '7 days'`,
    [now],
  );
}

export async function countOpenAlerts(db: Queryable): Promise<{ severity: string; count: number }[]> {
  const { rows } = await db.query<{ severity: string; count: number }>(
    `SELECT severity, count(*)::integer AS count FROM alert WHERE closed_at IS NULL GROUP BY severity`,
  );
  return rows;
}
