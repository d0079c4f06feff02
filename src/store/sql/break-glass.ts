import type { Queryable, Transaction } from "../queryable.ts";

/** An account for the time without an identity provider. */
export interface BreakGlassRow {
  readonly name: string;
  readonly roles: readonly string[];
  readonly openedAt: Date;
  readonly openedBy: string;
  readonly endsAt: Date;
  /** The last time step whose code was used: none is taken twice. */
  readonly usedStep: number;
  readonly sealed: Buffer;
}

const COLUMNS = `name, roles, opened_at AS "openedAt", opened_by AS "openedBy", ends_at AS "endsAt",
  used_step AS "usedStep", sealed`;

/** @returns false where an account of this name is open */
export async function openBreakGlass(db: Transaction, row: Omit<BreakGlassRow, "usedStep">): Promise<boolean> {
  await db.query("DELETE FROM break_glass WHERE name = $1 AND ends_at <= $2", [row.name, row.openedAt]);
  const { rowCount } = await db.query(
    `INSERT INTO break_glass (name, roles, opened_at, opened_by, ends_at, sealed) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (name) DO NOTHING`,
    [row.name, JSON.stringify(row.roles), row.openedAt, row.openedBy, row.endsAt, row.sealed],
  );
  return rowCount === 1;
}

/** The accounts that are open, by name. */
export async function listBreakGlass(db: Queryable, now: Date): Promise<BreakGlassRow[]> {
  const { rows } = await db.query<BreakGlassRow>(
    `SELECT ${COLUMNS} FROM break_glass WHERE ends_at > $1 ORDER BY name`,
    [now],
  );
  return rows;
}

/** Uses up a code. @returns false for one that was used, by whichever of two at once comes second */
export async function useStep(db: Queryable, name: string, step: number): Promise<boolean> {
  const { rowCount } = await db.query("UPDATE break_glass SET used_step = $2 WHERE name = $1 AND used_step < $2", [
    name,
    step,
  ]);
  return rowCount === 1;
}

/** @returns false where none of this name is open */
export async function closeBreakGlass(db: Transaction, name: string): Promise<boolean> {
  const { rowCount } = await db.query("DELETE FROM break_glass WHERE name = $1", [name]);
  return rowCount === 1;
}
