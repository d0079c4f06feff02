import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/** So many persons are forgotten in one transaction: nobody waits long for the directory. */
const AT_ONCE = 200;

/**
 * Forgets what is left of persons who have been deleted since before the moment: every record, and with it their hashes,
 * numbers and links. The caller holds the directory's lock. @returns how many persons
 */
export async function forgetGone(db: Transaction, before: Date): Promise<number> {
  const { rows } = await db.query<{ persons: number }>(
    `WITH person AS (SELECT id FROM patient WHERE gone_at < $1 AND id = root_id ORDER BY gone_at LIMIT ${AT_ONCE}),
       gone AS (DELETE FROM patient WHERE root_id IN (SELECT id FROM person))
     SELECT count(*)::int AS persons FROM person`,
    [before],
  );
  return rows[0]?.persons ?? 0;
}

/** A sealed row of the directory; `at` is its primary key as text. */
export interface SealedDirectoryRow {
  readonly at: string;
  readonly sealed: Buffer;
}

/** Primary keys as text, in an order that `after` continues. */
const KEYS = { patient: "id::text", encounter: "encode(bi, 'hex')" } as const;
export type DirectoryTable = keyof typeof KEYS;

/** The next rows, in the order of their keys. @param after "" at the beginning */
export async function nextSealed(db: Queryable, table: DirectoryTable, after: string, limit: number) {
  const from = table === "patient" ? "id > $1::uuid" : "bi > decode($1, 'hex')";
  const beginning = table === "patient" ? "00000000-0000-0000-0000-000000000000" : "";
  const { rows } = await db.query<SealedDirectoryRow>(
    `SELECT ${KEYS[table]} AS at, sealed FROM ${table} WHERE ${from} ORDER BY ${table === "patient" ? "id" : "bi"} LIMIT $2`,
    [after === "" ? beginning : after, limit],
  );
  return rows;
}

/** Puts newly sealed values in place of those that were read, unless somebody has written meanwhile. */
export async function replaceSealed(
  db: Queryable,
  table: DirectoryTable,
  rows: readonly (SealedDirectoryRow & { readonly former: Buffer })[],
): Promise<void> {
  if (rows.length === 0) return;
  const key = table === "patient" ? "patient.id = new.at::uuid" : "encounter.bi = decode(new.at, 'hex')";
  await db.query(
    `UPDATE ${table} SET sealed = new.sealed FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS new (at, sealed, former)
     WHERE ${key} AND ${table}.sealed = new.former`,
    columns(rows, ["at", "sealed", "former"]),
  );
}

/** What nobody can open any more, because a backup brought it back after its key was destroyed. */
export async function dropSealed(db: Queryable, table: DirectoryTable, ats: readonly string[]): Promise<void> {
  if (ats.length > 0) await db.query(`DELETE FROM ${table} WHERE ${KEYS[table]} = ANY ($1::text[])`, [ats]);
}
