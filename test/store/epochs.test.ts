import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createEpochs, type Epochs } from "#src/store/epochs.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const DAY_MS = 86_400_000;
const DAY_S = DAY_MS / 1_000;
const NOON = Date.parse("2026-11-23T12:00:00Z");
const TODAY = Date.parse("2026-11-23T00:00:00Z") / 1_000;

describe("the epoch of what arrives", () => {
  let database: TestStore;
  let epochs: Epochs;
  beforeEach(async () => {
    database = await createTestStore();
    epochs = createEpochs(database.store, DAY_MS);
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
  });

  /** What an intake does. @returns the epoch it goes into */
  const arrive = async (now: number, by = epochs) => {
    const epoch = await by.current(now);
    await by.ensure(epoch);
    return epoch;
  };
  const purge = (epoch: number) =>
    database.store.query("UPDATE epoch SET state = 'purged', purge_id = gen_random_uuid() WHERE id = $1", [epoch]);

  it("is the day it arrives on", async () => {
    expect(await arrive(NOON)).toBe(TODAY);
    expect(await arrive(NOON + DAY_MS)).toBe(TODAY + DAY_S);
  });

  it("is the newest one when the clock goes back over midnight", async () => {
    await arrive(NOON + DAY_MS);
    expect(await arrive(NOON)).toBe(TODAY + DAY_S);
    expect(await arrive(NOON, createEpochs(database.store, DAY_MS))).toBe(TODAY + DAY_S);
  });

  it("is today's again when the clock was a year ahead for a while: nothing is kept for a year", async () => {
    expect(await arrive(NOON)).toBe(TODAY);
    expect(await arrive(NOON + 365 * DAY_MS)).toBe(TODAY + 365 * DAY_S);
    expect(await arrive(NOON + 1_000)).toBe(TODAY);
    expect(await arrive(NOON + 1_000, createEpochs(database.store, DAY_MS))).toBe(TODAY);
    expect(await arrive(NOON + DAY_MS)).toBe(TODAY + DAY_S);
  });

  it("is a new one right after one that was purged meanwhile, whichever way the clock went", async () => {
    await arrive(NOON + DAY_MS);
    for (const epoch of [TODAY + DAY_S, TODAY + DAY_S + 1]) {
      await purge(epoch);
      epochs = createEpochs(database.store, DAY_MS);
      await expect(arrive(NOON)).rejects.toThrow("was purged");
      expect(await arrive(NOON)).toBe(epoch + 1);
    }
  });
});
