import { afterEach, beforeEach, expect, it } from "@jest/globals";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { createLeases } from "#src/lanes/lease.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { openLanes } from "#src/store/sql/lanes.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

let database: TestStore;
beforeEach(async () => {
  database = await createTestStore();
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
});

/** Leases of ten minutes; the answer to the next claim is lost on its way when `loses()` says so. */
function leasesOf(loses: () => boolean) {
  const store: Queryable = {
    query: async (text, values) => {
      const answer = await database.store.query(text, values);
      if (text.includes("nextval('lane_token')") && loses()) throw new Error("the connection broke");
      return answer as never;
    },
  };
  const deps = { store, clock: Date.now, leaseMs: 600_000, owner: "this engine" };
  return createLeases(deps as unknown as PipelineDeps);
}

const open = (...names: string[]) =>
  openLanes(
    database.store,
    names.map((name) => ({ channel: "c", stage: "prepare", key: Buffer.from(name), count: 1 })),
  );

async function owned(): Promise<string[]> {
  const { rows } = await database.store.query<{ key: Buffer }>(
    "SELECT key FROM lane WHERE owner IS NOT NULL ORDER BY key",
  );
  return rows.map(({ key }) => key.toString());
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

it("a lane whose turn could not be booked goes on soon, and others stay leased", async () => {
  const leases = leasesOf(() => false);
  await open("failed", "working");
  const claimed = await leases.claim("c", "prepare", 10);
  const failed = claimed.find(({ lane }) => lane.key.toString() === "failed");
  if (failed) leases.giveBack(failed.lane);
  await until(async () => (await owned()).length < 2);
  expect(await owned()).toEqual(["working"]);
  leases.stop();
});

it("what asks for the signal of a lane only after that was lost is broken off at once, like what asked before", async () => {
  const leases = leasesOf(() => false);
  await open("a", "b");
  const [asked, late] = await leases.claim("c", "prepare", 2);
  const { signal } = asked!;
  expect(signal.aborted).toBe(false);
  leases.stop();
  expect([signal.aborted, late!.signal.aborted]).toEqual([true, true]);
});

it("lanes claimed for nobody, because the answer was lost, go on soon", async () => {
  let broken = false;
  const leases = leasesOf(() => broken);
  await open("working");
  await leases.claim("c", "prepare", 10);
  await open("unheard of");
  broken = true;
  await expect(leases.claim("c", "prepare", 10)).rejects.toThrow("broke");
  broken = false;
  expect(await owned()).toEqual(["unheard of", "working"]);
  await until(async () => (await owned()).length < 2);
  expect(await owned()).toEqual(["working"]);
  leases.stop();
});

it("lanes opened for nobody, because the answer was lost, go on soon, and none that is just being opened", async () => {
  const leases = leasesOf(() => false);
  const openFor = async (name: string) => {
    await database.store.query(
      `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, owner)
       VALUES ('c', 'prepare', $1, 1, now(), now() + interval '1 hour', nextval('lane_token'), 'this engine')`,
      [Buffer.from(name)],
    );
    const { rows } = await database.store.query<{ token: number }>("SELECT max(token)::int AS token FROM lane");
    const token = rows[0]?.token ?? 0;
    return [{ channel: "c", stage: "prepare", key: Buffer.from(name), token, failures: 0, open: 1 }];
  };
  const lost = leases.open(async () => {
    await openFor("unheard of");
    throw new Error("the connection broke");
  });
  await expect(lost).rejects.toThrow("broke");
  // Begun before the others are given back, and answered late.
  const slow = leases.open(async () => {
    const opened = await openFor("slow");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return opened;
  });
  await until(async () => !(await owned()).includes("unheard of"));
  expect((await slow).map(({ lane }) => lane.key.toString())).toEqual(["slow"]);
  expect(await owned()).toEqual(["slow"]);
  leases.stop();
});
