import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { openHouse, type Filing } from "./house.ts";
import { live } from "./year.ts";

let database: TestStore;
let keys: TestKeys;
beforeAll(async () => {
  [database, keys] = await Promise.all([createTestStore(), createTestKeys()]);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
});

test("in a year of moves, merges, families, twins, strangers and mistakes, nothing is filed to whoever did not write it, and what is held is decided or escalated", async () => {
  const filings: Filing[] = [];
  const house = await openHouse(database.store, keys.directory, Date.parse("2026-01-01T00:00:00Z"), (one) =>
    filings.push(one),
  );
  try {
    const report = await live(house, filings, { people: 80, messages: 150, steps: 10, seed: 1 });
    expect(report.wrong).toEqual([]);
    expect(report.twice).toBe(0);
    expect(report.filed).toBeGreaterThan(report.messages / 3);
    const { filed = 0, held = 0, filtered = 0 } = report.states;
    expect(filed + held + filtered).toBeGreaterThanOrEqual(report.messages);
    expect(report.cleared.assigned).toBeGreaterThan(0);
    expect(report.cleared.slipped).toEqual([]);
    expect(report.left.escalated).toBe(report.left.messages);
    expect(Object.keys(report.left.because)).not.toContain("nobody_tried");
  } finally {
    await house.close();
  }
}, 120_000);
