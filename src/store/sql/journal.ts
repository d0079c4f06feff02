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
    const { rows } = await db.query<JournalRow>(
      "SELECT seq, at, action, actor, subject, detail, salt, hash, who FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2",
      [after, PAGE],
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.seq;
  }
}
