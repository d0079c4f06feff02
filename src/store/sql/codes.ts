import type { LinkRole } from "#src/message/link.ts";
import type { Queryable, Transaction } from "../queryable.ts";

/** A code given at admission. */
export interface CodeRow {
  readonly id: string;
  readonly selectorBi: Buffer;
  readonly codeBi: Buffer;
  readonly patientId: string;
  readonly role: LinkRole;
  readonly issuedBy: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly tries: number;
  readonly usedAt: Date | null;
}

/** @returns false where another code begins the same */
export async function insertCode(db: Transaction, code: Omit<CodeRow, "tries" | "usedAt">): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO verification_code (id, selector_bi, code_bi, patient_id, role, issued_by, issued_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (selector_bi) DO NOTHING`,
    [
      ...[code.id, code.selectorBi, code.codeBi, code.patientId, code.role, code.issuedBy],
      ...[code.issuedAt, code.expiresAt],
    ],
  );
  return rowCount === 1;
}

/** The code that begins so; locked, so that of two who use it one is the first. */
export async function lockCode(db: Transaction, selectorBi: Buffer): Promise<CodeRow | undefined> {
  const { rows } = await db.query<CodeRow>(
    `SELECT id, selector_bi AS "selectorBi", code_bi AS "codeBi", patient_id AS "patientId", role, issued_by AS "issuedBy",
       issued_at AS "issuedAt", expires_at AS "expiresAt", tries, used_at AS "usedAt"
     FROM verification_code WHERE selector_bi = $1 FOR UPDATE`,
    [selectorBi],
  );
  return rows[0];
}

export async function spendTry(db: Transaction, id: string): Promise<void> {
  await db.query("UPDATE verification_code SET tries = tries + 1 WHERE id = $1", [id]);
}

export async function useCode(db: Transaction, id: string, now: Date): Promise<void> {
  await db.query("UPDATE verification_code SET used_at = $2 WHERE id = $1", [id, now]);
}

/** How often somebody's identifiers matched nobody, where there is no task to count it by. */
export async function missesInJournal(db: Queryable, actor: string, since: Date): Promise<number> {
  const { rows } = await db.query<{ misses: number }>(
    `SELECT count(*)::int AS misses FROM journal WHERE at > $2 AND actor = $1 AND action = 'identifiers.missed'`,
    [actor, since],
  );
  return rows[0]?.misses ?? 0;
}
