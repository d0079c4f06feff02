import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { examined, isGuilty } from "#src/lanes/suspicion.ts";
import {
  bookTurns,
  claimLanes,
  giveBackLanes,
  openLanes,
  readyStages,
  type ClaimedLane,
} from "#src/store/sql/lanes.ts";
import { claimSuspect, easeSuspicion } from "#src/store/sql/suspects.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const STAGE = { channel: "c", stage: "prepare" };
const ENGINE = { owner: "an engine", leaseMs: 60_000 };

let database: TestStore;
beforeEach(async () => {
  database = await createTestStore();
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
});

const open = (...names: string[]) =>
  openLanes(
    database.store,
    names.map((name) => ({ ...STAGE, key: Buffer.from(name), count: 3 })),
  );
const claim = () => claimLanes(database.store, [{ ...STAGE, limit: 100 }], ENGINE);
const examine = () => claimSuspect(database.store, STAGE, ENGINE);
const nameOf = (lane: ClaimedLane | undefined) => lane?.key.toString();
const book = (lane: ClaimedLane, waitMs: number | null = 0) =>
  bookTurns(database.store, [{ ...lane, done: 1, waitMs, retried: false, park: null }]);

/** The engine is gone, and with it its leases. */
async function dies(): Promise<void> {
  await database.store.query("UPDATE lane SET ready_at = now() WHERE owner IS NOT NULL");
}

it("what an engine held when it died is examined one by one, and only what it dies of again is guilty", async () => {
  await open("a", "b", "poison", "d");
  expect(await claim()).toHaveLength(4);
  await dies();
  expect(await claim()).toEqual([]);
  expect(await readyStages(database.store, [STAGE])).toEqual([{ ...STAGE, claimable: false, suspect: true }]);

  const innocent: string[] = [];
  for (let lane = await examine(); lane; lane = await examine()) {
    expect(isGuilty(lane)).toBe(false);
    if (nameOf(lane) === "poison") break;
    await book(lane, 600_000);
    innocent.push(nameOf(lane) ?? "");
  }
  await dies();
  const guilty: (string | undefined)[] = [];
  for (let lane = await examine(); lane; lane = await examine()) {
    if (isGuilty(lane)) guilty.push(nameOf(lane));
    else innocent.push(nameOf(lane) ?? "");
    await book(lane, 600_000);
  }
  expect(guilty).toEqual(["poison"]);
  expect(innocent.toSorted()).toEqual(["a", "b", "d"]);
});

it("each message that was in the turn of a dead engine is examined, and nothing that came later", async () => {
  await open("a");
  await claim();
  await dies();
  for (const left of [3, 2, 1]) {
    const lane = await examine();
    expect(lane?.open).toBe(left);
    if (left === 1) await openLanes(database.store, []);
    if (lane) await book(lane);
  }
  await open("a");
  expect(await examine()).toBeUndefined();
  expect(await claim()).toHaveLength(1);
});

it("a turn that was booked, or given back by a living engine, leaves no suspicion", async () => {
  await open("booked", "kept", "given back");
  const lanes = await claim();
  for (const lane of lanes) {
    if (nameOf(lane) === "booked") await book(lane);
    if (nameOf(lane) === "kept") await book(lane, null);
  }
  const kept = lanes.filter((lane) => nameOf(lane) === "kept").map(({ token }) => token);
  await giveBackLanes(database.store, { owner: ENGINE.owner, but: kept, pauseMs: 0 });
  expect((await claim()).map(nameOf).toSorted()).toEqual(["booked", "given back"]);
  await dies();
  // The lane that was kept was in the engine's hands when it died, like those that were claimed.
  expect(await examine()).toBeDefined();
});

it("a slow message is not guilty of a death in its second minute, and one that kills late is found in the third death", async () => {
  await open("slow");
  await claim();
  for (const suspicion of [1, 2, 2]) {
    await dies();
    const lane = await examine();
    expect(lane?.suspicion).toBe(suspicion);
    if (lane) await easeSuspicion(database.store, lane);
  }
  await dies();
  await examine();
  await dies();
  expect((await examine())?.suspicion).toBe(4);
});

it("what a person lets in again is examined before anything is held against it", async () => {
  await open("a");
  await claim();
  await dies();
  await examine();
  await dies();
  await open("a");
  const lane = await examine();
  expect(lane && isGuilty(lane)).toBe(false);
});

it("others are examined once the engine has lived with a suspect for a while", async () => {
  const eased: string[] = [];
  const ease = async () => void eased.push("eased");
  await examined(Promise.resolve(), { suspicion: 1, leaseMs: 600_000 }, ease);
  expect(eased).toEqual([]);
  await examined(new Promise(() => undefined), { suspicion: 1, leaseMs: 5 }, ease);
  expect(eased).toEqual(["eased"]);
});
