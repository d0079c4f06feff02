import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import { CANARY, createHarness, type Harness } from "./harness.ts";

const PATH = "/api/v1/bulk";

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

type Bulk = { id: string; state: string; total: number; again: number; refused: number };

const freeze = async (body: object) => (await harness.client().post(PATH).send(body).expect(201)).body as Bulk;
const start = (id: string, count: number) => harness.client().post(`${PATH}/${id}/start`).send({ count });
const show = async (id: string) => (await harness.client().get(`${PATH}/${id}`).expect(200)).body as Bulk;

async function until(id: string, state: string): Promise<Bulk> {
  for (;;) {
    const bulk = await show(id);
    if (bulk.state === state) return bulk;
    await sleep(20);
  }
}

async function putHeld(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push((await harness.put({ state: "held", reason: "unknown" })).id);
  return ids;
}

describe("processing many messages again", () => {
  test("means exactly those that were counted, whatever arrives later", async () => {
    await putHeld(23);
    const { id, total, state } = await freeze({ filter: { state: "held", reason: "unknown" } });
    expect({ total, state }).toEqual({ total: 23, state: "frozen" });
    const later = await putHeld(5);
    await start(id, 23).expect(202);
    expect(await until(id, "done")).toMatchObject({ total: 23, again: 23, refused: 0 });
    const { rows } = await harness.store.query<{ id: string }>("SELECT id FROM message WHERE state = 'held'");
    expect(rows.map((row) => row.id).sort()).toEqual(later.sort());
    expect(harness.journal).toHaveLength(23);
    expect(harness.journal[0]).toMatchObject({
      action: "message.reprocessed",
      actor: "token:env",
      detail: { bulk: id },
    });
  });

  test("a selection is taken as it is, and what cannot be processed is counted as refused", async () => {
    const [held] = await putHeld(1);
    const { id: filed } = await harness.put({ state: "filed" });
    const { id } = await freeze({ messages: [held, filed, held] });
    await start(id, 2).expect(202);
    expect(await until(id, "done")).toMatchObject({ total: 2, again: 1, refused: 1 });
  });

  test("does not begin with another count than the frozen one, and begins once however often it is asked", async () => {
    await putHeld(3);
    const { id } = await freeze({ filter: { state: "held" } });
    await start(id, 4).expect(409);
    expect(harness.journal).toEqual([]);
    await Promise.all([start(id, 3), start(id, 3), start(id, 3)]);
    await until(id, "done");
    expect(harness.journal).toHaveLength(3);
  });

  test("stops between two steps, and goes on from there", async () => {
    await putHeld(25);
    const { id } = await freeze({ filter: { state: "held" } });
    await start(id, 25).expect(202);
    await harness.client().post(`${PATH}/${id}/stop`).expect(202);
    const stopped = await show(id);
    expect(["stopped", "done"]).toContain(stopped.state);
    if (stopped.state === "stopped") await start(id, 25).expect(202);
    expect(await until(id, "done")).toMatchObject({ again: 25 });
  });

  test("one whose engine died shows as interrupted, and anybody may go on with it", async () => {
    await putHeld(2);
    const { id } = await freeze({ filter: { state: "held" } });
    await harness.store.query("UPDATE bulk SET state = 'running', seen_at = now() - interval '1 min'");
    expect((await show(id)).state).toBe("interrupted");
    await start(id, 2).expect(202);
    expect(await until(id, "done")).toMatchObject({ again: 2 });
  });

  test("keeps no source's own id, which may hold a number", async () => {
    await harness
      .client()
      .post(PATH)
      .send({ filter: { external_id: CANARY.phone } })
      .expect(400);
    await harness.client().post(PATH).send({ messages: [] }).expect(400);
  });
});
