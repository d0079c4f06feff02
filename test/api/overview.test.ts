import { createPublicKey, verify } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Routes } from "#src/api/routes/index.ts";
import type { z } from "zod";
import type { MessageState } from "#src/message/state.ts";
import { CANARY, CHANNEL, createHarness, NOW, type Harness } from "./harness.ts";

type Answer<Id extends keyof Routes> = z.infer<NonNullable<Routes[Id]["answer"]["schema"]>>;

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

/** Asked of an engine of its own, which has counted nothing before. */
const ask = async <Id extends keyof Routes>(path: string) => {
  const response = await harness.client().get(path).expect(200);
  expect(response.text).not.toContain(CANARY.phone);
  return response.body as Answer<Id>;
};

describe("GET /api/v1/overview", () => {
  test("counts by channel what came, was filed, waits, is held, failed and parked", async () => {
    await harness.put({ state: "filed" });
    await harness.put({ state: "held", reason: "unknown" });
    await harness.put({ state: "held", reason: "quarantine" });
    await harness.put({ state: "failed" });
    await harness.put({ channel: "gone-channel", state: "routed" });
    await harness.store.query(
      `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, parked_at, reason)
       VALUES ($1, 'chart', '\\x01', 2, now(), now(), 0, now(), 'DESTINATION_REFUSED')`,
      [CHANNEL],
    );
    const { channels } = await ask<"showOverview">("/api/v1/overview");
    const [channel] = channels;
    expect(channels.map(({ id, state }) => [id, state])).toEqual([
      [CHANNEL, "running"],
      ["second", "refused"],
      ["gone-channel", "removed"],
    ]);
    expect(channel).toMatchObject({ waiting: 0, failed: 1, oldest: new Date(NOW).toISOString() });
    expect(channel?.received).toHaveLength(60);
    expect(channel?.received.at(-1)).toBe(4);
    expect(channel?.filed.at(-1)).toBe(1);
    expect(channel?.held.map(({ reason, count }) => [reason, count]).sort()).toEqual([
      ["quarantine", 1],
      ["unknown", 1],
    ]);
    expect(channel?.stages.find(({ stage }) => stage === "chart")).toMatchObject({
      type: "fhir",
      open: 2,
      held_back: false,
      parked: [{ reason: "DESTINATION_REFUSED", lanes: 1, open: 2 }],
    });
  });
});

describe("GET /api/v1/coverage", () => {
  test("puts every stored message in exactly one class, whatever the states", async () => {
    const state = fc.constantFrom<MessageState>(
      "received",
      "held",
      "filtered",
      "routed",
      "filed",
      "withdrawn",
      "failed",
    );
    const message = fc.record({ state, retained: fc.boolean(), restricted: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), async (messages) => {
        await harness.clear();
        for (const { state, retained, restricted } of messages) {
          const { id } = await harness.put({ state });
          const ended = ["filed", "filtered", "withdrawn"].includes(state);
          await harness.store.query("UPDATE message SET retain_until = $2, restricted_at = $3 WHERE id = $1", [
            id,
            ended ? new Date(NOW + (retained ? 1 : -1)) : null,
            restricted && !ended ? new Date(NOW) : null,
          ]);
        }
        const client = harness.client({ now: () => NOW });
        const body = (await client.get("/api/v1/coverage").expect(200)).body as Answer<"showCoverage">;
        expect(body.stored).toBe(messages.length);
        expect(body.classed).toBe(messages.length);
        expect(body.rows.reduce((sum, { count }) => sum + count, 0)).toBe(messages.length);
      }),
      { numRuns: 15 },
    );
  });

  test("says so when a message is in no class", async () => {
    const { id } = await harness.put({ state: "filed" });
    await harness.store.query("UPDATE message SET retain_until = NULL WHERE id = $1", [id]);
    const client = harness.client({ now: () => NOW });
    expect((await client.get("/api/v1/coverage").expect(200)).body).toMatchObject({ stored: 1, classed: 0, rows: [] });
  });
});

describe("GET /api/v1/engines", () => {
  test("shows which engines live and which are silent", async () => {
    const report = {
      version: "1",
      node: "v24",
      channels: 2,
      disk_free: 10,
      disk_reserve: 5,
      accepts: true,
      breakers: [],
    };
    await harness.store.query(
      `INSERT INTO engine (owner, started_at, seen_at, clock_at, report) VALUES
         ('a', now() - interval '1 h', now(), now() + interval '3 s', $1),
         ('b', now(), now() - interval '1 min', now() - interval '1 min', $1)`,
      [JSON.stringify(report)],
    );
    const { items } = await ask<"listEngines">("/api/v1/engines");
    expect(items.map(({ id, state, clock_ahead_ms }) => [id, state, clock_ahead_ms])).toEqual([
      ["a", "alive", 3_000],
      ["b", "silent", 0],
    ]);
  });
});

describe("GET /api/v1/keys", () => {
  test("publishes the key that checks a certificate's signature", async () => {
    const { items } = await ask<"listSigningKeys">("/api/v1/keys");
    const key = createPublicKey({ key: Buffer.from(items[0]!.public_key, "base64"), format: "der", type: "spki" });
    expect(key.asymmetricKeyType).toBe("ed25519");
    expect(verify(null, Buffer.from("x"), key, Buffer.alloc(64))).toBe(false);
  });
});
