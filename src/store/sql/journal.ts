import { lock } from "../locks.ts";
import type { Queryable, Transaction } from "../queryable.ts";

/** A line of the audit journal as stored. */
export interface JournalRow {
  readonly seq: number;
  readonly at: Date;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  readonly salt: Buffer;
  readonly hash: Buffer;
  /** Who did it, sealed; its SHA-256 stands in the detail, so the chain covers it and still holds once it is gone. */
  readonly who: Buffer | null;
}

const PAGE = 1_000;

/** What a new line continues; the first one continues 32 zero bytes. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: Buffer;
}

/** Appends one line made from the last one, in the caller's transaction and under a lock: the chain never forks. */
export async function appendJournalRow(db: Transaction, make: (head: JournalHead) => JournalRow): Promise<void> {
  await lock(db, "journal");
  const { rows } = await db.query<JournalHead>("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1");
  const row = make(rows[0] ?? { seq: 0, hash: Buffer.alloc(32) });
  await db.query(
    `INSERT INTO journal (seq, at, action, actor, subject, detail, salt, hash, who) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [row.seq, row.at, row.action, row.actor, row.subject, JSON.stringify(row.detail), row.salt, row.hash, row.who],
  );
}

/** Every line, oldest first, a page at a time. */
export async function* journalEntries(db: Queryable): AsyncGenerator<JournalRow> {
  for (let after = 0; ;) {
    const rows = await journalAfter(db, after, PAGE);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.seq;
  }
}

/** The lines that follow one, oldest first. */
export async function journalAfter(db: Queryable, seq: number, limit: number): Promise<JournalRow[]> {
  const { rows } = await db.query<JournalRow>(
    "SELECT seq, at, action, actor, subject, detail, salt, hash, who FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2",
    [seq, limit],
  );
  return rows;
}

export interface JournalFilter {
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
  /** Cursor: only lines older (smaller `seq`) than this. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The newest lines that match, newest first. */
export async function listJournal(db: Queryable, filter: JournalFilter): Promise<JournalRow[]> {
  const { action, actor, subject, from, until, before, limit } = filter;
  const { rows } = await db.query<JournalRow>(
    `SELECT seq, at, action, actor, subject, detail, salt, hash, who FROM journal
     WHERE ($1::text IS NULL OR action = $1) AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR subject = $3)
       AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
       AND ($6::bigint IS NULL OR seq < $6)
     ORDER BY seq DESC LIMIT $7`,
    [action, actor, subject, from, until, before, limit].map((one) => one ?? null),
  );
  return rows;
}

/**
 * Forgets who stood behind lines from before a time; the lines and their chain stay.
 * @param only of these actions; absent: of all
 */
export async function forgetNames(db: Queryable, before: Date, only?: readonly string[]): Promise<void> {
  await db.query(
    "UPDATE journal SET who = NULL WHERE at < $1 AND who IS NOT NULL AND ($2::text[] IS NULL OR action = ANY ($2))",
    [before, only ?? null],
  );
}
