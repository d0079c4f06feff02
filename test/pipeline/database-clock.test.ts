import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { kindOfError } from "#src/message/error-code.ts";
import { watchDatabaseClock } from "#src/pipeline/database-clock.ts";
import type { Store } from "#src/store/data-source.ts";
import { bringForward, endLockWaits } from "#src/store/sql/bring-forward.ts";
import { takeToConfirm } from "#src/store/sql/deliveries.ts";
import { claimLanes, renewLanes } from "#src/store/sql/lanes.ts";
import { takeDeletions } from "#src/store/sql/media-deletion.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const CHANNEL = "whatsapp-to-kis";
const STAGE = { channel: CHANNEL, stage: "kis" };
const HOUR_MS = 3_600_000;
const LEASE_MS = 20_000;
const AHEAD = { waitMs: 60_000, deletionMs: HOUR_MS, leaseMs: LEASE_MS };

let database: TestStore;
beforeEach(async () => {
  database = await createTestStore();
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
});

/** A lane as a clock that was ahead left it; `owner` is absent where it waits, and set where an engine leased it. */
const lane = (name: string, aheadMs: number, owner: string | null = null, parked = false) =>
  database.store.query(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, owner, parked_at)
     VALUES ($1, 'kis', $2, 1, now(), now() + make_interval(secs => $3::float8 / 1000), 1, $4,
       CASE WHEN $5::bool THEN now() END)`,
    [CHANNEL, Buffer.from(name), aheadMs, owner, parked],
  );
const accepted = async (aheadMs: number) => {
  await database.store.query("CREATE TABLE message_0 PARTITION OF message FOR VALUES IN (0)");
  await database.store.query("CREATE TABLE delivery_0 PARTITION OF delivery FOR VALUES IN (0)");
  await database.store.query(
    `WITH filed AS (
       INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, received_at, state_at,
         history, sealed, external_id)
       VALUES (0, gen_random_uuid(), 1, gen_random_uuid(), $1, 'text', '', '', 'routed', now(), now(), '[]', '', '')
       RETURNING id)
     INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, queued_at, confirm_at)
     SELECT 0, id, 'kis', $1, '', 1, 'accepted', now(), now() + make_interval(secs => $2::float8 / 1000) FROM filed`,
    [CHANNEL, aheadMs],
  );
};
const deletion = (aheadMs: number) =>
  database.store.query(
    `INSERT INTO media_deletion (attachment_id, message_id, channel, sealed, noted_at, due_at)
     VALUES (gen_random_uuid(), gen_random_uuid(), $1, '', now(), now() + make_interval(secs => $2::float8 / 1000))`,
    [CHANNEL, aheadMs],
  );
const claimed = async () => {
  const lanes = await claimLanes(database.store, [{ ...STAGE, limit: 9 }], { owner: "other", leaseMs: LEASE_MS });
  return lanes.map(({ key }) => key.toString()).toSorted();
};

describe("what a clock that was ahead put off", () => {
  it("is due at once where it lies further ahead than the longest wait, a shorter wait is kept", async () => {
    await lane("waits for an hour", HOUR_MS);
    await lane("waits for its retry", 30_000);
    await lane("is parked", HOUR_MS, null, true);
    await accepted(HOUR_MS);
    await deletion(2 * HOUR_MS);
    expect(await bringForward(database.store, AHEAD)).toEqual({ lanes: 1, confirmations: 1, deletions: 1 });
    expect(await claimed()).toEqual(["waits for an hour"]);
    expect(await takeToConfirm(database.store, LEASE_MS, 9, [], new Date())).toHaveLength(1);
    expect(await takeDeletions(database.store, 9, LEASE_MS)).toHaveLength(1);
  });

  it("is due at once, however little ahead, once the step was seen", async () => {
    await lane("waits for its retry", 4_000);
    await accepted(4_000);
    await deletion(30_000);
    const now = { waitMs: 0, deletionMs: 0, leaseMs: LEASE_MS };
    expect(await bringForward(database.store, now)).toEqual({ lanes: 1, confirmations: 1, deletions: 1 });
    expect(await claimed()).toEqual(["waits for its retry"]);
  });

  it("ends a lease with one taken now, no sooner: whoever holds it may still be at work", async () => {
    await lane("leased", HOUR_MS, "an engine");
    await bringForward(database.store, { waitMs: 0, deletionMs: 0, leaseMs: LEASE_MS });
    expect(await claimed()).toEqual([]);
    const { rows } = await database.store.query<{ left: number }>(
      "SELECT extract(epoch FROM ready_at - now())::float8 AS left FROM lane",
    );
    expect(rows[0]?.left).toBeGreaterThan(15);
    expect(rows[0]?.left).toBeLessThanOrEqual(20);
    const held = { ...STAGE, key: Buffer.from("leased"), token: 1, failures: 0, open: 1 };
    expect(await renewLanes(database.store, [held], LEASE_MS)).toEqual(new Set([1]));
  });

  it("leaves a lane alone that somebody is writing", async () => {
    await lane("busy", HOUR_MS);
    await database.store.transaction(async (db) => {
      await db.query("SELECT FROM lane FOR UPDATE");
      expect(await bringForward(database.store, AHEAD)).toMatchObject({ lanes: 0 });
    });
  });
});

describe("sessions that wait for a lock since before the clock was set back", () => {
  it("are told to give up: PostgreSQL itself would notice a deadlock late by the step", async () => {
    await lane("locked", 0);
    const waits = () => database.store.query("SELECT FROM lane FOR UPDATE").then(() => "went on", kindOfError);
    const ended = await database.store.transaction(async (db) => {
      await db.query("SELECT FROM lane FOR UPDATE");
      const waiting = waits();
      const count = () => endLockWaits(database.store.reading, -HOUR_MS);
      expect(await endLockWaits(database.store.reading, 0)).toBe(0);
      let seen = 0;
      while (seen === 0) seen = await count();
      return { seen, how: await waiting };
    });
    expect(ended).toEqual({ seen: 1, how: "57014" });
    expect(await waits()).toBe("went on");
  });
});

describe("the look at the database's clock", () => {
  const told: string[] = [];
  let shiftMs = 0;
  let looks = 0;
  const watching = () =>
    watchDatabaseClock(
      {
        leaseMs: LEASE_MS,
        store: {
          ...database.store,
          reading: {
            query: (async (text: string, values?: readonly unknown[]) => {
              const answer = await database.store.reading.query<{ now: number }>(text, values);
              if (!text.includes("AS now")) return answer;
              looks += 1;
              return { ...answer, rows: answer.rows.map(({ now }) => ({ now: now + shiftMs })) };
            }) as Store["query"],
          },
        },
        log: (_level, event, fields) => told.push(`${event} ${String(fields?.["lanes"])}`),
        metrics: { observeDelivery: () => undefined, gauge: () => undefined, count: (name) => told.push(name) },
      },
      10,
    );
  const until = async (holds: () => boolean | Promise<boolean>) => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  beforeEach(() => {
    told.length = 0;
    shiftMs = 0;
    looks = 0;
  });

  it("sees a step back, makes due what waits, and says so once", async () => {
    const watch = watching();
    await lane("waits", 4_000);
    await until(() => looks > 2);
    expect(told).toEqual([]);
    shiftMs = -3_000;
    await until(() => told.length > 0);
    const seen = looks;
    await until(() => looks > seen + 2);
    await watch.stop();
    expect(told).toEqual(["database_clock_set_back", "clock.database_set_back 1"]);
    expect(await claimed()).toEqual(["waits"]);
  });

  it("takes a step forward as it comes", async () => {
    const watch = watching();
    await lane("waits", 4_000);
    await until(() => looks > 2);
    shiftMs = 3_000;
    const seen = looks;
    await until(() => looks > seen + 2);
    await watch.stop();
    expect(told).toEqual([]);
    expect(await claimed()).toEqual([]);
  });

  it("finds at the start what was put off by a clock set back while no engine ran", async () => {
    await lane("put off", HOUR_MS);
    await lane("waits", 4_000);
    const watch = watching();
    await until(async () => (await claimed()).includes("put off"));
    await watch.stop();
    expect(await claimed()).toEqual([]);
  });
});
