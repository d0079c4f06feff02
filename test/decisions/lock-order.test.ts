import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { reprocessMessage } from "#src/decisions/reprocess.ts";
import { withdrawMessage } from "#src/decisions/withdraw.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { claimLanes, lockOwnedLanes, openLanes, type ClaimedLane } from "#src/store/sql/lanes.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { ID, KEY, storeMessage, terms } from "./harness.ts";

let database: TestStore;
beforeAll(async () => {
  database = await createTestStore();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await database.store.query("TRUNCATE message, delivery, lane");
});

/** The lane in which a later message of the conversation is being prepared. */
async function preparing(): Promise<ClaimedLane> {
  const work = ["prepare", "archive", "chart"].map((stage) => ({ channel: "c", stage, key: KEY, count: 1 }));
  await openLanes(database.store, work);
  const claims = [{ channel: "c", stage: "prepare", limit: 1 }];
  const [lane] = await claimLanes(database.store, claims, { owner: "test", leaseMs: 60_000 });
  return lane!;
}

test.each([
  ["a withdrawal", "filed", (db: Transaction) => withdrawMessage(db, ID, "wrong_patient", terms()), "withdrawing"],
  ["a reprocessing", "failed", (db: Transaction) => reprocessMessage(db, ID, new Date()), "again"],
] as const)(
  "%s beside a preparation that settles waits for it before it holds any lane",
  async (_, state, decide, is) => {
    const { store } = database;
    await storeMessage(store, { state }, [
      { destination: "archive", state: state === "failed" ? "failed" : "accepted" },
      { destination: "chart", state: "confirmed" },
    ]);
    const lane = await preparing();
    const { decision, free } = await store.transaction(async (db) => {
      await lockOwnedLanes(db, [lane]);
      const decision = store.transaction(decide);
      for (;;) {
        const { rows } = await store.query("SELECT FROM pg_locks WHERE NOT granted");
        if (rows.length > 0) break;
      }
      // Where what was prepared goes on. Held by the other, that one would wait for us, and we for it.
      const { rows } = await db.query("SELECT FROM lane WHERE stage IN ('archive', 'chart') FOR UPDATE SKIP LOCKED");
      return { decision, free: rows.length };
    });
    expect(free).toBe(2);
    expect(await decision).toBe(is);
  },
);

test("a decision that changes nothing leaves no lane behind", async () => {
  await storeMessage(database.store, { state: "filtered" });
  expect(await database.store.transaction((db) => withdrawMessage(db, ID, "wrong_patient", terms()))).toBe("nowhere");
  expect((await database.store.query("SELECT FROM lane")).rows).toEqual([]);
});
