import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { chain, eraseDetail, type JournalAction, type JournalDraft } from "#src/audit/journal.ts";
import { verifyJournal } from "#src/audit/verify.ts";
import type { JournalHead, JournalRow } from "#src/store/sql/journal.ts";

const ACTIONS: JournalAction[] = ["engine.started", "content.read", "message.reprocessed", "epoch.purged"];

const draft: fc.Arbitrary<JournalDraft> = fc.record({
  at: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }).map((instant) => new Date(instant).toISOString()),
  action: fc.constantFrom(...ACTIONS),
  actor: fc.string(),
  subject: fc.uuid(),
  detail: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), {
    maxKeys: 4,
  }),
});
const journal = fc.array(draft, { minLength: 1, maxLength: 8 }).map(write);

function write(drafts: readonly JournalDraft[]): JournalRow[] {
  let head: JournalHead = { seq: 0, hash: Buffer.alloc(32) };
  return drafts.map((next) => {
    const row = chain(head, next, randomBytes(16));
    head = row;
    return row;
  });
}

const ALTERATIONS: Record<string, (row: JournalRow) => JournalRow> = {
  at: (row) => ({ ...row, at: new Date(row.at.getTime() + 1) }),
  "an unusable time": (row) => ({ ...row, at: new Date(Number.NaN) }),
  action: (row) => ({ ...row, action: `${row.action}x` }),
  actor: (row) => ({ ...row, actor: `${row.actor}x` }),
  subject: (row) => ({ ...row, subject: row.subject.replace(/^./, (first) => (first === "0" ? "1" : "0")) }),
  detail: (row) => ({ ...row, detail: { ...row.detail, added: true } }),
  salt: (row) => ({ ...row, salt: flipped(row.salt) }),
  hash: (row) => ({ ...row, hash: flipped(row.hash) }),
  "the hash's length": (row) => ({ ...row, hash: row.hash.subarray(1) }),
};

describe("the journal", () => {
  test("verifies as written, and names its length and head", async () => {
    await fc.assert(
      fc.asyncProperty(journal, async (rows) => {
        expect(await verifyJournal(rows)).toEqual({
          ok: true,
          entries: rows.length,
          head: rows.at(-1)!.hash.toString("hex"),
        });
      }),
    );
    expect(await verifyJournal([])).toEqual({ ok: true, entries: 0, head: "00".repeat(32) });
  });

  test("is the same line for the same action, whatever order its detail was written in", () => {
    const head = { seq: 3, hash: randomBytes(32) };
    const base = { at: "2026-11-23T12:00:00Z", action: "epoch.purged", actor: "engine", subject: "x" } as const;
    const salt = randomBytes(16);
    const [one, two] = [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ].map((detail) => chain(head, { ...base, detail }, salt));
    expect(one!.hash).toEqual(two!.hash);
    expect(one!.seq).toBe(4);
  });

  test.each(Object.keys(ALTERATIONS))("names the first line altered in: %s", async (column) => {
    await fc.assert(
      fc.asyncProperty(journal, fc.nat(), async (rows, at) => {
        const index = at % rows.length;
        const forged = rows.with(index, ALTERATIONS[column]!(rows[index]!));
        expect(await verifyJournal(forged)).toMatchObject({ ok: false, seq: index + 1 });
      }),
      { numRuns: 50 },
    );
  });

  test("names the place of a removed line; a cut end shows in the head", async () => {
    await fc.assert(
      fc.asyncProperty(journal, fc.nat(), async (rows, at) => {
        const index = at % rows.length;
        const verdict = await verifyJournal(rows.toSpliced(index, 1));
        if (index < rows.length - 1) expect(verdict).toMatchObject({ ok: false, seq: index + 1 });
        else expect(verdict).not.toMatchObject({ head: rows.at(-1)!.hash.toString("hex") });
      }),
    );
  });

  test("does not hide a removed line by counting anew", async () => {
    await fc.assert(
      fc.asyncProperty(journal, fc.nat(), async (rows, at) => {
        fc.pre(rows.length > 1);
        const index = at % (rows.length - 1);
        const forged = rows.toSpliced(index, 1).map((row, place) => ({ ...row, seq: place + 1 }));
        expect(await verifyJournal(forged)).toMatchObject({ ok: false, seq: index + 1 });
      }),
    );
  });

  test("names two lines exchanged, with or without their numbers, and a line put in", async () => {
    await fc.assert(
      fc.asyncProperty(journal, fc.nat(), async (rows, at) => {
        fc.pre(rows.length > 1);
        const index = at % (rows.length - 1);
        const [one, two] = [rows[index]!, rows[index + 1]!];
        const exchanged = rows.with(index, two).with(index + 1, one);
        expect(await verifyJournal(exchanged)).toMatchObject({ ok: false, seq: index + 1 });
        const renumbered = exchanged.map((row, place) => ({ ...row, seq: place + 1 }));
        expect(await verifyJournal(renumbered)).toMatchObject({ ok: false, seq: index + 1 });
        const longer = rows.toSpliced(index, 0, one).map((row, place) => ({ ...row, seq: place + 1 }));
        expect(await verifyJournal(longer)).toMatchObject({ ok: false, seq: index + 2 });
      }),
    );
  });

  test("still verifies after any of its details are erased, and reveals nothing of them", async () => {
    await fc.assert(
      fc.asyncProperty(journal, fc.nat(), async (rows, mask) => {
        const erased = rows.map((row, index) => ((mask >> index) & 1 ? eraseDetail(row) : row));
        expect(await verifyJournal(erased)).toEqual(await verifyJournal(rows));
        expect(erased.map(eraseDetail)).toEqual(rows.map(eraseDetail));
      }),
    );
    const again = () => eraseDetail(chain({ seq: 0, hash: Buffer.alloc(32) }, guessable, randomBytes(16)));
    expect(again().salt).not.toEqual(again().salt);
  });

  test("does not take another detail, or the erased one guessed without its salt, for an erased line", async () => {
    const [row] = write([guessable]);
    const erased = eraseDetail(row!);
    expect(await verifyJournal([{ ...erased, detail: { level: 3 } }])).toMatchObject({ ok: false, seq: 1 });
    expect(await verifyJournal([{ ...row!, salt: erased.salt }])).toMatchObject({ ok: false, seq: 1 });
    expect(await verifyJournal([{ ...erased, salt: flipped(erased.salt) }])).toMatchObject({ ok: false, seq: 1 });
  });
});

const guessable: JournalDraft = {
  at: "2026-11-23T12:00:00.000Z",
  action: "content.read",
  actor: "someone",
  subject: "0b8c6f0e-3f0a-5d2b-9a55-2f1f3e0f4c11",
  detail: { level: 4 },
};

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[0] = copy[0]! ^ 1;
  return copy;
}
