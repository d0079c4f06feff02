import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { setTimeout } from "node:timers/promises";
import type { Queryable } from "#src/store/queryable.ts";
import { listMessages } from "#src/store/sql/list-messages.ts";
import { messageListSchema } from "#src/api/message-schema.ts";
import { CHANNEL, createHarness, NOW, type Harness } from "./harness.ts";

const PATH = "/api/v1/messages";

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

/** Every page of a search, as a person reads on until the end. */
async function all(query: Record<string, string>) {
  const ids: string[] = [];
  let after = "";
  for (let pages = 0; pages < 50; pages += 1) {
    const { body } = await harness
      .client()
      .get(PATH)
      .query({ ...query, after })
      .expect(200);
    const { items, next } = messageListSchema.parse(body);
    ids.push(...items.map(({ id }) => id));
    if (next === null) return ids;
    after = next;
  }
  throw new Error("the list does not end");
}

const receivedAt = (id: string, minutes: number) =>
  harness.store.query("UPDATE message SET received_at = $2 WHERE id = $1", [id, new Date(NOW + minutes * 60_000)]);

describe("the list of messages", () => {
  test("is filtered by reason, kind, destination and error code, in any combination", async () => {
    const unknown = await harness.put({ state: "held", reason: "unknown" });
    const ambiguous = await harness.put({
      state: "held",
      reason: "ambiguous",
      body: { content: { kind: "location", latitude: 1, longitude: 2 } as never },
    });
    const failed = await harness.put({ state: "failed" });
    await harness.putDelivery(failed.id, {
      destination: "archive",
      state: "failed",
      lastError: "DESTINATION_REFUSED: AE",
    });
    await harness.putDelivery(failed.id, { destination: "chart", state: "confirmed" });
    const waiting = await harness.put({ state: "received" });
    await harness.store.query("UPDATE message SET last_error = 'STORE_UNAVAILABLE: x' WHERE id = $1", [waiting.id]);
    expect(await all({ reason: "unknown" })).toEqual([unknown.id]);
    expect(await all({ kind: "location" })).toEqual([ambiguous.id]);
    expect(await all({ kind: "location", reason: "unknown" })).toEqual([]);
    expect(await all({ destination: "chart" })).toEqual([failed.id]);
    expect(await all({ code: "DESTINATION_REFUSED" })).toEqual([failed.id]);
    expect(await all({ code: "DESTINATION_REFUSED", destination: "archive", state: "failed" })).toEqual([failed.id]);
    expect(await all({ code: "DESTINATION_REFUSED", destination: "chart" })).toEqual([]);
    expect(await all({ code: "STORE_UNAVAILABLE" })).toEqual([waiting.id]);
    expect(await all({ code: "DESTINATION" })).toEqual([]);
  });

  test("is cut by a range of time, both ends, whatever order neighbours came in", async () => {
    const ids: string[] = [];
    for (const minutes of [-30, -20, -19, -21, -10, 0]) {
      const { id } = await harness.put({ state: "filed" });
      await receivedAt(id, minutes);
      ids.push(id);
    }
    const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
    const [first, second, third, fourth, fifth, last] = ids;
    expect(await all({ from: at(-20) })).toEqual([last, fifth, third, second]);
    expect(await all({ until: at(-20) })).toEqual([fourth, first]);
    expect(await all({ from: at(-21), until: at(-10) })).toEqual([fourth, third, second]);
    expect(await all({ from: at(1) })).toEqual([]);
  });

  test("finds what is rare in a long list, however many pieces it is looked at in", async () => {
    const rare = await harness.put({ state: "held", reason: "ambiguous" });
    await harness.put({ state: "held", reason: "unknown" });
    await harness.store.query("SELECT setval('message_seq', nextval('message_seq') + 250000)");
    const { id } = await harness.put({ state: "held", reason: "unknown" });
    expect(await all({ reason: "ambiguous" })).toEqual([rare.id]);
    expect(await all({ reason: "ambiguous", channel: CHANNEL, state: "held" })).toEqual([rare.id]);
    expect((await all({ reason: "unknown" }))[0]).toBe(id);
  });

  test("stops looking when its time is over, and says how far it has come", async () => {
    const rare = await harness.put({ state: "held", reason: "ambiguous" });
    await harness.store.query("SELECT setval('message_seq', nextval('message_seq') + 10000)");
    const slow: Queryable = {
      query: async (text, values) => {
        await setTimeout(50);
        return harness.store.query(text, values);
      },
    };
    const search = { reason: "ambiguous", limit: 10 } as const;
    const first = await listMessages(slow, search);
    expect(first).toEqual({ rows: [], searchedTo: expect.any(Number) });
    let before = first.searchedTo;
    const found: string[] = [];
    while (before !== null) {
      const next = await listMessages(slow, { ...search, before });
      found.push(...next.rows.map(({ id }) => id));
      before = next.searchedTo;
    }
    expect(found).toEqual([rare.id]);
  });

  test.each([
    ["code", "lower case"],
    ["from", "yesterday"],
    ["reason", "a b"],
  ])("refuses an unusable %s", async (name, value) => {
    await harness
      .client()
      .get(PATH)
      .query({ [name]: value })
      .expect(400);
  });
});
