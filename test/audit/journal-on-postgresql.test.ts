import { describe, expect, test } from "@jest/globals";
import { record, type JournalDraft } from "#src/audit/journal.ts";
import { verifyJournal } from "#src/audit/verify.ts";
import { journalEntries } from "#src/store/sql/journal.ts";
import { createTestStore } from "../support/database.ts";

const draft = (subject: string, detail: JournalDraft["detail"] = {}): JournalDraft => ({
  at: "2026-11-23T12:00:00.123Z",
  action: "message.reprocessed",
  actor: "engine",
  subject,
  detail,
});

describe("the journal in PostgreSQL", () => {
  test("does not fork when many transactions write at once, and comes back as written", async () => {
    await using database = await createTestStore();
    const { store } = database;
    const awkward = { text: 'ü "\\\n€😀', big: 9_007_199_254_740_991, tiny: 1e-7, huge: 1e21, no: false, none: null };
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => store.transaction((db) => record(db, draft(String(index), awkward)))),
    );
    expect(await verifyJournal(journalEntries(store))).toMatchObject({ ok: true, entries: 40 });
  });

  test("keeps no line of a transaction that was rolled back", async () => {
    await using database = await createTestStore();
    const { store } = database;
    await store.transaction((db) => record(db, draft("kept")));
    const undone = store.transaction(async (db) => {
      await record(db, draft("undone"));
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await store.transaction((db) => record(db, draft("next")));
    expect(await verifyJournal(journalEntries(store))).toMatchObject({ ok: true, entries: 2 });
  });

  test("is read page by page, each line once", async () => {
    await using database = await createTestStore();
    const { store } = database;
    await store.transaction(async (db) => {
      for (let index = 0; index < 1_001; index += 1) await record(db, draft(String(index)));
    });
    expect(await verifyJournal(journalEntries(store))).toMatchObject({ ok: true, entries: 1_001 });
  });

  test.each([
    ["detail", `UPDATE journal SET detail = '{"purged": false}' WHERE seq = 2`, 2],
    ["actor", "UPDATE journal SET actor = 'nobody' WHERE seq = 3", 3],
    ["time", "UPDATE journal SET at = 'infinity' WHERE seq = 2", 2],
    ["existence", "DELETE FROM journal WHERE seq = 1", 1],
  ])("shows when the database's owner changed a line's %s", async (_what, statement, seq) => {
    await using database = await createTestStore();
    const { store } = database;
    for (const subject of ["a", "b", "c"])
      await store.transaction((db) => record(db, draft(subject, { purged: true })));
    await store.query(statement);
    expect(await verifyJournal(journalEntries(store))).toMatchObject({ ok: false, seq });
  });
});
