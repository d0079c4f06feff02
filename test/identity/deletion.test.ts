import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSealer, GENERATION_MS, generationAt } from "#src/seal/sealer.ts";
import { beginRenewal, forgetDeleted, GONE_FOR_MS, renewDirectory } from "#src/retention/directory.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { createDirectory } from "#src/identity/directory.ts";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import { admit, at, change, createDirectoryHarness, merge, NOW, OTHER, PHONE, pi, told } from "./harness.ts";

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => {
  harness = await createDirectoryHarness();
});
beforeEach(() => harness.clear());
afterAll(() => harness.close());

const gone = (stamp: number, id: string): DirectoryUpdate => ({ ...told(stamp, id), existence: "deleted" });
const rows = async (table: string) => (await harness.store.query(`SELECT * FROM ${table}`)).rows.length;

/** The directory and its retention at a time, sealed as then. */
function at_(now: number) {
  const sealer = createSealer(harness.keyring, "default", () => now);
  const journal: unknown[] = [];
  const directory = createDirectory({ ...harness, sealer, clock: () => now, onChanged: () => Promise.resolve() });
  const retention = {
    ...harness,
    sealer,
    clock: () => now,
    log: () => undefined,
    journal: (_db: unknown, ...entry: unknown[]) => Promise.resolve(void journal.push(entry)),
  };
  return { directory, journal, retention: retention as never as RetentionDeps };
}

describe("an A29", () => {
  test("leaves keyed hashes and cases for a month, in which nothing older brings the patient back, then nothing", async () => {
    const start = at_(NOW);
    await start.directory.apply(change(admit(1, "P1", "F1"), merge(2, "P1", "P0"), gone(3, "P1")));
    await at_(NOW + 1_000).directory.apply(change(admit(1, "P1", "F1")));
    expect(await harness.directory.byPhone(PHONE)).toEqual([]);
    expect(await forgetDeleted(at_(NOW + GONE_FOR_MS).retention)).toBe(0);
    const end = at_(NOW + GONE_FOR_MS + 1_000);
    expect(await forgetDeleted(end.retention)).toBe(1);
    for (const table of ["patient", "patient_identifier", "patient_phone", "number_owner", "encounter"])
      expect([table, await rows(table)]).toEqual([table, 0]);
    expect(end.journal).toEqual([["directory.forgotten", "directory", { persons: 1 }]]);
  });

  test("taken back in time forgets nobody", async () => {
    await at_(NOW).directory.apply(change(admit(1, "P1", "F1"), gone(2, "P1"), admit(3, "P1", "F1")));
    expect(await forgetDeleted(at_(NOW + 2 * GONE_FOR_MS).retention)).toBe(0);
    expect(await harness.directory.byPhone(PHONE)).toHaveLength(1);
  });
});

describe("the directory's key", () => {
  const first = generationAt(NOW) * GENERATION_MS + GENERATION_MS / 2;
  const next = first + GENERATION_MS;

  test("is another one each month; once every row is under it the former is destroyed, and old copies do not open", async () => {
    await at_(first).directory.apply(change(admit(1, "P1", "F1"), admit(1, "P2", "F2", OTHER)));
    const { rows: copies } = await harness.store.query<{ id: string; sealed: Buffer }>(
      "SELECT id, sealed FROM patient",
    );
    await at_(first).directory.apply(change(gone(2, "P1")));
    const later = at_(next);
    await renewDirectory(later.retention, beginRenewal());
    expect(later.journal).toContainEqual(["key.destroyed", "directory", { generation: generationAt(first) }]);
    expect(harness.keyring.generations()).not.toContain(generationAt(first));
    for (const { id, sealed } of copies) {
      const place = { epoch: 0, table: "patient", row: id, column: "sealed" };
      expect(() => harness.sealer.open(place, sealed)).toThrow(
        expect.objectContaining({ code: "EPOCH_KEY_DESTROYED" }),
      );
    }
    expect(await later.directory.byPhone(OTHER)).toMatchObject([{ patient: { identifiers: [pi("P2")] } }]);
    expect(await later.directory.byPhone(PHONE)).toEqual([]);
  });

  test("is not destroyed while rows are still under it, and work goes on where it stopped", async () => {
    const [begin, end] = [first + 4 * GENERATION_MS, next + 4 * GENERATION_MS];
    await at_(begin).directory.apply(change(admit(1, "P1", "F1")));
    const renewal = beginRenewal();
    await renewDirectory(at_(end).retention, renewal, 0);
    expect(harness.keyring.generations()).toContain(generationAt(begin));
    await renewDirectory(at_(end).retention, renewal);
    expect(harness.keyring.generations()).not.toContain(generationAt(begin));
    expect(await at_(end).directory.byPhone(PHONE)).toHaveLength(1);
  });

  test("is not changed on the first day of a generation, when another engine may still be in the former", async () => {
    const [begin, day] = [first + 8 * GENERATION_MS, (generationAt(first) + 9) * GENERATION_MS + 3_600_000];
    await at_(begin).directory.apply(change(admit(1, "P1", "F1")));
    await renewDirectory(at_(day).retention, beginRenewal());
    expect(harness.keyring.generations()).toContain(generationAt(begin));
  });

  test("takes what a backup brings back of a destroyed one out of the directory", async () => {
    const [begin, end] = [first + 12 * GENERATION_MS, next + 12 * GENERATION_MS];
    await at_(begin).directory.apply(change(admit(1, "P1", "F1")));
    const { rows: backup } = await harness.store.query<{ id: string; sealed: Buffer }>(
      "SELECT id, sealed FROM patient",
    );
    await renewDirectory(at_(end).retention, beginRenewal());
    await harness.store.query("UPDATE patient SET sealed = $1", [backup[0]?.sealed]);
    await renewDirectory(at_(end).retention, beginRenewal());
    expect(await rows("patient")).toBe(0);
    await at_(end).directory.apply(change({ ...admit(5, "P1", "F1"), stamp: at(5) }));
    expect(await at_(end).directory.byPhone(PHONE)).toHaveLength(1);
  });

  test("that a clock which was ahead has ended is not used again: what is sealed afterwards is under a later one", async () => {
    const [begin, ahead] = [first + 20 * GENERATION_MS, first + 23 * GENERATION_MS];
    await at_(begin).directory.apply(change(admit(1, "P1", "F1")));
    await renewDirectory(at_(ahead).retention, beginRenewal());
    await at_(begin + 1).directory.apply(change(admit(2, "P2", "F2", OTHER)));
    expect(await at_(begin + 1).directory.byPhone(OTHER)).toHaveLength(1);
    expect(await at_(begin + 1).directory.byPhone(PHONE)).toHaveLength(1);
  });
});

test("says how many numbers a message took from patients, and gave to others; a merge does neither", async () => {
  const numbers = async (...updates: DirectoryUpdate[]) => (await harness.apply(...updates)).numbers;
  expect(await numbers(admit(1, "P1", "F1"))).toEqual({ lost: 0, moved: 0 });
  expect(await numbers(admit(2, "P2", "F2", PHONE))).toEqual({ lost: 0, moved: 1 });
  expect(await numbers(told(3, "P2", { phones: { "PID-13": [OTHER] } }))).toEqual({ lost: 1, moved: 0 });
  expect(await numbers(told(4, "P2", { phones: { "PID-13": [] } }))).toEqual({ lost: 1, moved: 0 });
  expect(await numbers(merge(5, "P2", "P1"))).toEqual({ lost: 0, moved: 0 });
});
