import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { steadyClock } from "#src/message/clock.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { startSchedule } from "#src/retention/schedule.ts";
import { createTrustedClock } from "#src/retention/trusted-clock.ts";
import type { Store } from "#src/store/data-source.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { retentionOn } from "./harness.ts";

const HOUR_MS = 3_600_000;
const START = Date.parse("2026-11-23T10:00:00Z");

const NO_CHANNELS = { all: () => [], status: () => [] };

describe("the clock retention goes by", () => {
  let times: { wall: number; database: number; elapsed: number };
  beforeEach(() => {
    times = { wall: START, database: START, elapsed: 5_000 };
  });
  const pass = (ms: number) => {
    times = { wall: times.wall + ms, database: times.database + ms, elapsed: times.elapsed + ms };
  };
  const create = () => {
    const query = () => Promise.resolve({ rows: [{ now: times.database }], rowCount: 1 });
    const clock = () => times.wall;
    const steady = steadyClock(clock, () => times.elapsed);
    return createTrustedClock({ store: { query } as unknown as Store, clock, steady });
  };

  it("goes with the others while they agree", async () => {
    const trusted = create();
    pass(HOUR_MS);
    expect(await trusted.now()).toBe(START + HOUR_MS);
    expect(trusted.behindMs()).toBe(0);
  });

  it("does not follow the machine's clock when it jumps forward, nor the database's (I4)", async () => {
    const trusted = create();
    times.wall += 24 * HOUR_MS;
    times.database += 24 * HOUR_MS;
    pass(1_000);
    expect(await trusted.now()).toBe(START + 1_000);
    expect(trusted.behindMs()).toBe(24 * HOUR_MS);
  });

  it("is right again once a clock that jumped, either way, is", async () => {
    const trusted = create();
    for (const jump of [24 * HOUR_MS, -HOUR_MS]) {
      times.wall += jump;
      await trusted.now();
      times.wall -= jump;
      pass(1_000);
      expect(await trusted.now()).toBe(times.wall);
    }
  });

  it("follows a clock that goes back, the engine's and the database's: what is late is not early", async () => {
    const trusted = create();
    times.wall -= 5_000;
    expect(await trusted.now()).toBe(START - 5_000);
    times.database -= HOUR_MS;
    expect(await trusted.now()).toBe(START - HOUR_MS);
  });
});

describe("the schedule of purges", () => {
  let database: TestStore;
  let keys: TestKeys;
  let told: string[];
  beforeEach(async () => {
    [database, keys, told] = [await createTestStore(), await createTestKeys(), []];
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await keys[Symbol.asyncDispose]();
  });

  it("goes by what has passed, not by a clock that jumps, and says so", async () => {
    const { store } = database;
    const lengthMs = 60_000;
    const gauges = new Map<string, () => number | undefined>();
    let [clock, elapsed] = [Date.now() - 10 * HOUR_MS, 0];
    const deps = retentionOn(store, keys, lengthMs, () => clock, {
      steady: steadyClock(
        () => clock,
        () => elapsed,
      ),
      log: (level, event) => told.push(`${level} ${event}`),
      metrics: { count: () => undefined, gauge: (name, _labels, read) => gauges.set(name, read) },
    });
    const epoch = await deps.epochs.current(clock);
    await deps.epochs.ensure(epoch);
    const isOpen = async () =>
      (await store.query("SELECT FROM epoch WHERE id = $1 AND state = 'open'", [epoch])).rows.length === 1;
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const schedule = startSchedule(deps, NO_CHANNELS);
    clock += HOUR_MS;
    await until(() => told.length > 0);
    expect(told).toEqual(["error retention.behind"]);
    expect(gauges.get("retention_behind_seconds")?.()).toBe(3_600);
    expect(await isOpen()).toBe(true);
    clock -= HOUR_MS;
    [clock, elapsed] = [clock + 2 * lengthMs, elapsed + 2 * lengthMs];
    await until(() => told.length > 1);
    await schedule.stop();
    expect(told).toEqual(["error retention.behind", "info epoch.purged"]);
    expect(await isOpen()).toBe(false);
  });

  it("goes on when the machine's clock is set back while it waits", async () => {
    const { store } = database;
    let rounds = 0;
    const counting: RetentionDeps["store"] = {
      ...store,
      query: (text, values) => {
        if (text.includes("clock_timestamp")) rounds += 1;
        return store.query(text, values);
      },
    };
    const deps = retentionOn(counting, keys, 60_000, () => Date.now());
    const roundsAfter = async (seen: number) => {
      while (rounds <= seen) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const schedule = startSchedule(deps, NO_CHANNELS);
    await roundsAfter(0);
    const Real = globalThis.Date;
    globalThis.Date = class extends Real {
      static override now = () => Real.now() - HOUR_MS;
      constructor(...given: number[]) {
        super(...((given.length === 0 ? [Real.now() - HOUR_MS] : given) as [number]));
      }
    } as DateConstructor;
    try {
      await roundsAfter(rounds + 1);
    } finally {
      globalThis.Date = Real;
    }
    await schedule.stop();
    expect(rounds).toBeGreaterThan(2);
  });
});
