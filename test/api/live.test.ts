import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { createApp } from "#src/api/app.ts";
import { createLive, type LiveChange } from "#src/api/live.ts";
import { CANARY, createHarness, TOKEN, type Harness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

/** A stream as a browser reads it. */
async function open(headers: Record<string, string> = {}) {
  const live = createLive(harness.store);
  const server = createServer(createApp({ ...harness.deps, live }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/live`, {
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    live,
    response,
    /** Reads on until an event fits; undefined at the end of the stream. */
    until: async (fits: (change: LiveChange) => boolean) => {
      for (;;) {
        for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
          const change = JSON.parse(data ?? "") as LiveChange;
          if (fits(change)) return change;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
        expect(text).not.toContain(CANARY.phone);
      }
    },
    close: async () => {
      live.close();
      await reader.cancel().catch(() => undefined);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("GET /api/v1/live", () => {
  test("tells ids and states of what comes and moves, and nothing personal", async () => {
    const stream = await open();
    expect(stream.response.headers.get("content-type")).toContain("text/event-stream");
    // The first look is what later ones are compared with.
    const first = stream.until(({ arrived }) => arrived.length > 0);
    const putting = (async () => {
      for (let n = 0; n < 40; n += 1) {
        await harness.put();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const change = await first;
    expect(change?.arrived[0]).toEqual({ id: expect.any(String), channel: expect.any(String), state: "received" });
    await putting;
    const { rows } = await harness.store.query<{ id: string }>(
      "UPDATE message SET state = 'held', reason = 'unknown' WHERE id = $1 RETURNING id",
      [change?.arrived[0]?.id],
    );
    const moved = await stream.until((one) => one.moved.some(({ id }) => id === rows[0]?.id));
    expect(moved?.moved).toContainEqual(expect.objectContaining({ id: rows[0]?.id, state: "held" }));
    expect(await stream.until(({ topics }) => topics.includes("waits"))).toBeDefined();
    await stream.close();
  });

  test("goes on after the last number a browser knows, and says that more may have happened", async () => {
    const before = await harness.put();
    const { rows } = await harness.store.query<{ seq: number }>("SELECT max(seq)::int AS seq FROM message");
    const missed = await harness.put();
    const stream = await open({ "last-event-id": String(rows[0]!.seq) });
    const change = await stream.until(({ topics }) => topics.includes("all"));
    expect(change?.arrived.map(({ id }) => id)).toEqual([missed.id]);
    expect(change?.arrived.map(({ id }) => id)).not.toContain(before.id);
    await stream.close();
  });

  test("ends when the engine stops, instead of keeping it", async () => {
    const stream = await open();
    const ended = stream.until(() => false);
    stream.live.close();
    expect(await ended).toBeUndefined();
    await stream.close();
  });

  test("asks for a credential", async () => {
    await harness.client().raw.get("/api/v1/live").expect(401);
  });
});
