import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  bookTurns,
  claimLanes,
  dropEmptyLanes,
  lockOwnedLanes,
  openLanes,
  renewLanes,
  unparkOverdue,
  type ClaimedLane,
} from "#src/store/sql/lanes.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const STAGE = { channel: "c", stage: "prepare" };

let database: TestStore;
beforeAll(async () => {
  database = await createTestStore();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe("a claimed lane without work", () => {
  test("is forgotten", async () => {
    const lane = await claimed("drifted", 3);
    await dropEmptyLanes(database.store, [lane]);
    expect(await openOf("drifted")).toBeUndefined();
  });

  test("stays when work has come since it was claimed", async () => {
    const lane = await claimed("refilled", 3);
    await openLanes(database.store, [{ ...STAGE, key: Buffer.from("refilled"), count: 1 }]);
    await dropEmptyLanes(database.store, [lane]);
    expect(await openOf("refilled")).toBe(4);
  });
});

describe("a claim", () => {
  test("for several stages takes of each what is due, oldest first, and no more than wished for", async () => {
    for (const stage of ["a", "b", "c"]) {
      for (const name of ["1", "2", "3"]) {
        await openLanes(database.store, [{ channel: "several", stage, key: Buffer.from(name), count: 1 }]);
      }
    }
    const wanted = [
      { channel: "several", stage: "a", limit: 2 },
      { channel: "several", stage: "b", limit: 9 },
    ];
    const owner = { owner: "test", leaseMs: 60_000 };
    const names = (lanes: readonly ClaimedLane[]) => lanes.map(({ stage, key }) => `${stage}${key.toString()}`).sort();
    expect(names(await claimLanes(database.store, wanted, owner))).toEqual(["a1", "a2", "b1", "b2", "b3"]);
    expect(names(await claimLanes(database.store, wanted, owner))).toEqual(["a3"]);
  });
});

test("leases are renewed beside a turn that goes on from preparation to a destination, without a deadlock", async () => {
  const prepare = await claimed("both", 1);
  await openLanes(database.store, [{ channel: "c", stage: "archive", key: prepare.key, count: 1 }]);
  const wanted = [{ channel: "c", stage: "archive", limit: 9 }];
  const [archive] = await claimLanes(database.store, wanted, { owner: "test", leaseMs: 60_000 });
  const renewed = await database.store.transaction(async (db) => {
    await lockOwnedLanes(db, [prepare]);
    const renewal = renewLanes(database.store, [archive!, prepare], 60_000);
    // It waits for the lane of the preparation, and must not hold the other one meanwhile.
    await until(async () => (await waitingForLocks()) > 0);
    const free = await db.query("SELECT FROM lane WHERE stage = 'archive' FOR UPDATE SKIP LOCKED");
    return { renewal, free: free.rows.length };
  });
  expect(renewed.free).toBe(1);
  expect(await renewed.renewal).toEqual(new Set([archive!.token, prepare.token]));
});

describe("a booked turn", () => {
  const turn = { waitMs: 0, retried: false, park: null };

  test("ends a lane whose last work is done", async () => {
    const lane = await claimed("done", 2);
    await bookTurns(database.store, [{ ...lane, ...turn, done: 2 }]);
    expect(await openOf("done")).toBeUndefined();
  });

  test("keeps a lane that got more work meanwhile", async () => {
    const lane = await claimed("more", 1);
    await openLanes(database.store, [{ ...STAGE, key: Buffer.from("more"), count: 1 }]);
    await bookTurns(database.store, [{ ...lane, ...turn, done: 1 }]);
    expect(await openOf("more")).toBe(1);
  });

  test("keeps a lane in the middle of its turn, and one that is parked", async () => {
    const middle = await claimed("middle", 1);
    const parked = await claimed("parked", 1);
    await bookTurns(database.store, [
      { ...middle, ...turn, waitMs: null, done: 1 },
      { ...parked, ...turn, park: "DESTINATION_REFUSED", done: 1 },
    ]);
    expect([await openOf("middle"), await openOf("parked")]).toEqual([0, 0]);
  });

  test("gives a lane back for good: a renewal that comes late does not keep it", async () => {
    const lane = await claimed("given back", 1);
    await openLanes(database.store, [{ ...STAGE, key: Buffer.from("given back"), count: 1 }]);
    await bookTurns(database.store, [{ ...lane, ...turn, done: 1 }]);
    expect(await renewLanes(database.store, [lane], 60_000)).toEqual(new Set());
    expect(await claimed("given back", 1)).toMatchObject({ open: 2 });
  });

  test("tells the next turn for how long its message was tried in vain", async () => {
    const stoppedMs = async (done: number, retried: boolean) => {
      const lane = await claimed("stopped", 1);
      await bookTurns(database.store, [{ ...lane, ...turn, done, retried }]);
      await database.store.query("UPDATE lane SET stopped_at = stopped_at - interval '1 hour'");
      return Math.round((await claimedAgain("stopped")).stoppedMs! / 3_600_000);
    };
    expect(await stoppedMs(0, true)).toBe(1);
    await database.store.query("UPDATE lane SET owner = NULL, ready_at = now(), suspicion = 0");
    expect(await stoppedMs(0, true)).toBe(2);
    await database.store.query("UPDATE lane SET owner = NULL, ready_at = now(), suspicion = 0");
    expect(await stoppedMs(1, false)).toBe(0);
  });

  test("that parks stops the lane only for as long as the channel says, unless a person parked it", async () => {
    const refused = await claimed("refused", 2);
    const person = await claimed("by a person", 2);
    await bookTurns(database.store, [
      { ...refused, ...turn, park: "DESTINATION_REFUSED", done: 1 },
      { ...person, ...turn, park: "person", done: 1 },
    ]);
    expect(await unparkOverdue(database.store, STAGE, 3_600_000)).toBe(0);
    await database.store.query("UPDATE lane SET parked_at = parked_at - interval '2 hours'");
    expect(await unparkOverdue(database.store, STAGE, 3_600_000)).toBeGreaterThan(0);
    const { rows } = await database.store.query<{ key: Buffer }>("SELECT key FROM lane WHERE parked_at IS NOT NULL");
    expect(rows.map(({ key }) => key.toString())).toContain("by a person");
    expect(rows.map(({ key }) => key.toString())).not.toContain("refused");
  });

  test("changes nothing under another token", async () => {
    const lane = await claimed("taken over", 1);
    await bookTurns(database.store, [{ ...lane, ...turn, token: lane.token - 1, done: 1 }]);
    expect(await openOf("taken over")).toBe(1);
  });
});

async function claimedAgain(name: string): Promise<ClaimedLane> {
  const lanes = await claimLanes(database.store, [{ ...STAGE, limit: 10 }], { owner: "test", leaseMs: 60_000 });
  return lanes.find(({ key }) => key.toString() === name)!;
}

async function claimed(name: string, count: number): Promise<ClaimedLane> {
  await openLanes(database.store, [{ ...STAGE, key: Buffer.from(name), count }]);
  const lanes = await claimLanes(database.store, [{ ...STAGE, limit: 10 }], { owner: "test", leaseMs: 60_000 });
  const lane = lanes.find(({ key }) => key.toString() === name);
  if (!lane) throw new Error("the lane was not claimed");
  return lane;
}

async function openOf(name: string): Promise<number | undefined> {
  const { rows } = await database.store.query<{ open: number }>("SELECT open FROM lane WHERE key = $1", [
    Buffer.from(name),
  ]);
  return rows[0]?.open;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function waitingForLocks(): Promise<number> {
  const { rows } = await database.store.reading.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows[0]?.count ?? 0;
}
