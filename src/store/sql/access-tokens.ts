import type { Queryable, Transaction } from "../queryable.ts";

/** A machine token as stored; the token itself is nowhere. */
export interface AccessTokenRow {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly channels: readonly string[] | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly usedAt: Date | null;
  /** SHA-256 of the client certificate that stands for it; null: a token is shown. */
  readonly certificate: Buffer | null;
}

const COLUMNS = `id, name, roles, channels, created_at AS "createdAt", created_by AS "createdBy",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", used_at AS "usedAt", certificate`;

/**
 * @returns false where the name is taken, by a revoked token too: the journal knows tokens by their names; or where the
 * certificate stands for another one
 */
export async function insertAccessToken(
  db: Transaction,
  token: Omit<AccessTokenRow, "revokedAt" | "usedAt"> & { readonly hash: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO access_token (id, name, hash, roles, channels, created_at, created_by, expires_at, certificate)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
    [
      token.id,
      token.name,
      token.hash,
      JSON.stringify(token.roles),
      token.channels && JSON.stringify(token.channels),
      token.createdAt,
      token.createdBy,
      token.expiresAt,
      token.certificate,
    ],
  );
  return rowCount === 1;
}

/** The token that is neither revoked nor expired, by its hash or by the certificate that stands for it. */
export async function findAccessToken(
  db: Queryable,
  by: { readonly hash: Buffer } | { readonly certificate: Buffer },
  now: Date,
): Promise<AccessTokenRow | undefined> {
  const [column, value] = "hash" in by ? ["hash", by.hash] : ["certificate", by.certificate];
  const { rows } = await db.query<AccessTokenRow>(
    `SELECT ${COLUMNS} FROM access_token WHERE ${column} = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)`,
    [value, now],
  );
  return rows[0];
}

/** Keeps when the token was used last, to a minute. */
export async function noteTokenUse(db: Queryable, id: string, now: Date): Promise<void> {
  await db.query(
    `UPDATE access_token SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2::timestamptz - interval '1 minute')`,
    [id, now],
  );
}

/** By name. */
export async function listAccessTokens(db: Queryable): Promise<AccessTokenRow[]> {
  const { rows } = await db.query<AccessTokenRow>(`SELECT ${COLUMNS} FROM access_token ORDER BY name`);
  return rows;
}

/** @returns false where there is no such token, or it is revoked already */
export async function revokeAccessToken(db: Transaction, name: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE access_token SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL",
    [name, now],
  );
  return rowCount === 1;
}

/** When the next token ends that still holds: one that has ended was seen to, or is missed by whoever used it. */
export async function nextTokenEnd(db: Queryable, now: Date): Promise<Date | undefined> {
  const { rows } = await db.query<{ ends: Date | null }>(
    "SELECT min(expires_at) AS ends FROM access_token WHERE revoked_at IS NULL AND expires_at > $1",
    [now],
  );
  return rows[0]?.ends ?? undefined;
}
