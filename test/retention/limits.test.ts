import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { forgetSilent, limitedChannels, restrict, type ChannelList } from "#src/retention/limits.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { retentionOn } from "./harness.ts";

const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-11-23T10:00:00Z");

/** One channel runs, with limits of a year; one is refused; the file of the third is gone. */
const CHANNELS: ChannelList = {
  all: () => [
    { id: "runs", retention: { hardMaxAgeMs: 365 * DAY_MS, unknownSenderMs: 365 * DAY_MS } } as RunningChannel,
  ],
  status: () => [{ id: "runs" }, { id: "refused" }],
};

describe("what came through a channel whose file is gone", () => {
  let database: TestStore;
  let keys: TestKeys;
  let deps: RetentionDeps;
  let due: Date | undefined;
  const told: string[] = [];

  beforeAll(async () => {
    [database, keys] = [await createTestStore(), await createTestKeys()];
    const { store } = database;
    deps = retentionOn(store, keys, DAY_MS, () => NOW, {
      log: (level, event, fields) => told.push(`${level} ${event} ${String(fields?.["channel"])}`),
    });
    const epoch = NOW / 1_000;
    await deps.epochs.ensure(epoch);
    const ago = (days: number) => new Date(NOW - days * DAY_MS);
    for (const channel of ["runs", "refused", "gone"]) {
      for (const [reason, days] of [["unknown", 8] as const, ["content", 8] as const, ["content", 31] as const]) {
        await store.query(
          `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, reason, received_at,
             state_at, history, sealed, external_id)
           VALUES ($1, $2, 1, $2, $3, 'text', '', '', 'held', $4, $5, $5, '[]', '', '')`,
          [epoch, randomUUID(), channel, reason, ago(days)],
        );
      }
      for (const days of [29, 32]) {
        await store.query(
          `INSERT INTO contact (id, channel, phone_bi, since, disputed, seen_on, sealed)
           VALUES (gen_random_uuid(), $1, $2, $3::timestamptz, false, $3::timestamptz::date, '')`,
          [channel, Buffer.from(`${channel} ${days}`), ago(days)],
        );
      }
    }
    const limited = await limitedChannels(deps, CHANNELS);
    due = await restrict(deps, limited);
    await forgetSilent(deps, limited);
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await keys[Symbol.asyncDispose]();
  });

  it("is told of a message before it outlives the limit, and no more once it has", () => {
    expect(due).toEqual(new Date(NOW + (30 - 8) * DAY_MS));
  });

  const counted = async (statement: string) =>
    Object.fromEntries(
      (await database.store.query<{ channel: string; n: number }>(statement)).rows.map((row) => [row.channel, row.n]),
    );

  it("is restricted after 30 days, and after 7 where nobody knows the sender, with an alarm", async () => {
    const restricted =
      "SELECT channel, count(*)::int AS n FROM message WHERE restricted_at IS NOT NULL GROUP BY channel";
    expect(await counted(restricted)).toEqual({ gone: 2 });
    expect(told).toContain("error messages.restricted gone");
  });

  it("leaves no contact who was not heard of for 30 days; a channel that runs or is refused keeps its own limits", async () => {
    const left = "SELECT channel, count(*)::int AS n FROM contact GROUP BY channel";
    expect(await counted(left)).toEqual({ runs: 2, refused: 2, gone: 1 });
  });
});
