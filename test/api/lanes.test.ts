import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { laneDetailSchema, laneListSchema } from "#src/api/lane-schema.ts";
import { CANARY, CHANNEL, createHarness, type Harness } from "./harness.ts";

const PATH = "/api/v1/lanes";
const REFUSED = "DESTINATION_REFUSED: delivering to archive: AE 204";

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

/** A conversation of its own at `archive`, with as many deliveries as states are given. */
async function lane({
  states,
  error,
  parked,
  failures = 0,
  conversation = "one",
}: {
  states: readonly ("queued" | "retrying" | "failed")[];
  error?: string;
  parked?: string;
  failures?: number;
  conversation?: string;
}) {
  const ids: string[] = [];
  for (const state of states) {
    const { id } = await harness.put({ body: { conversation: `${CANARY.phone}-${conversation}` } });
    await harness.store.query("UPDATE message SET state = $2 WHERE id = $1", [
      id,
      state === "failed" ? "failed" : "routed",
    ]);
    await harness.store.query("DELETE FROM lane WHERE stage = 'prepare'");
    await harness.putDelivery(id, {
      destination: "archive",
      state,
      ...(error !== undefined && state !== "queued" && { lastError: error }),
    });
    ids.push(id);
  }
  const { rows } = await harness.store.query<{ key: Buffer }>(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, failures, token, parked_at, reason)
     SELECT channel, 'archive', lane_key, $2, now() - interval '10 min', now() + interval '3 s', $3, 0,
       CASE WHEN $4::text IS NULL THEN NULL ELSE now() END, $4 FROM message WHERE id = $1 RETURNING key`,
    [ids[0], states.filter((state) => state !== "failed").length, failures, parked ?? null],
  );
  return { id: `${CHANNEL}.archive.${rows[0]!.key.toString("hex")}`, ids };
}

const list = async (query = {}) => {
  const response = await harness.client().get(PATH).query(query).expect(200);
  expect(response.text).not.toContain(CANARY.phone);
  return laneListSchema.parse(response.body);
};
const explain = async (id: string) => {
  const response = await harness.client().get(`${PATH}/${id}`).expect(200);
  expect(response.text).not.toContain(CANARY.phone);
  return laneDetailSchema.parse(response.body);
};

describe("GET /api/v1/lanes", () => {
  test("shows those that wait for a person first, then those that fail, each with its head's error code", async () => {
    const due = await lane({ states: ["queued"], conversation: "due" });
    const retrying = await lane({
      states: ["retrying"],
      error: "DESTINATION_UNREACHABLE: delivering to archive: refused",
      failures: 4,
      conversation: "retrying",
    });
    const parked = await lane({ states: ["failed", "queued"], error: REFUSED, parked: "DESTINATION_REFUSED" });
    const { items, counts } = await list();
    expect(items.map(({ id, state, code }) => ({ id, state, code }))).toEqual([
      { id: parked.id, state: "parked", code: "DESTINATION_REFUSED" },
      { id: retrying.id, state: "retrying", code: "DESTINATION_UNREACHABLE" },
      { id: due.id, state: "waiting", code: null },
    ]);
    expect(counts).toEqual({ parked: 1, retrying: 1, working: 0, waiting: 1 });
  });

  test("filters by state, channel, stage and error code, in any combination", async () => {
    const retrying = await lane({ states: ["retrying"], error: "DESTINATION_BUSY: x", failures: 1 });
    const parked = await lane({
      states: ["failed"],
      error: REFUSED,
      parked: "DESTINATION_REFUSED",
      conversation: "other",
    });
    const ids = async (query: Record<string, string>) => (await list(query)).items.map(({ id }) => id);
    expect(await ids({ state: "parked" })).toEqual([parked.id]);
    expect(await ids({ code: "DESTINATION_BUSY" })).toEqual([retrying.id]);
    expect(await ids({ code: "DESTINATION_BUSY", state: "parked" })).toEqual([]);
    expect(await ids({ stage: "archive", channel: CHANNEL })).toEqual([parked.id, retrying.id]);
    expect(await ids({ stage: "prepare" })).toEqual([]);
    await harness.client().get(`${PATH}?sate=parked`).expect(400);
  });
});

describe("GET /api/v1/lanes/:id", () => {
  test("explains a parked lane: what failed at its head, why, who can help, and what waits behind", async () => {
    const { id, ids } = await lane({
      states: ["failed", "queued", "queued"],
      error: REFUSED,
      parked: "DESTINATION_REFUSED",
    });
    await lane({ states: ["failed"], error: REFUSED, parked: "DESTINATION_REFUSED", conversation: "other" });
    const shown = await explain(id);
    expect(shown).toMatchObject({
      state: "parked",
      open: 2,
      head: { message: ids[0], kind: "text", delivery: "failed", attempts: 1 },
      error: { code: "DESTINATION_REFUSED", class: "permanent", detail: "delivering to archive: AE 204" },
      same_error: { lanes: 1 },
    });
    expect(shown.error?.remedy).not.toBe("");
    expect(shown.behind.map(({ message }) => message)).toEqual(ids.slice(1));
  });

  test("explains a waiting one: when it is tried again, and which engine holds its destination back", async () => {
    const { id } = await lane({ states: ["retrying"], error: "DESTINATION_UNREACHABLE: x", failures: 14 });
    await harness.store.query(
      `INSERT INTO engine (owner, started_at, seen_at, clock_at, report) VALUES ('e1', now(), now(), now(), $1)`,
      [JSON.stringify({ breakers: [{ channel: CHANNEL, stage: "archive", failures: 3, probe_in_ms: 4_000 }] })],
    );
    const shown = await explain(id);
    expect(shown).toMatchObject({ state: "retrying", failures: 14, breakers: [{ engine: "e1", failures: 3 }] });
    expect(shown.due_in_ms).toBeGreaterThan(0);
  });

  test("answers 404 to a lane that is gone, and to what is no lane", async () => {
    await harness
      .client()
      .get(`${PATH}/${CHANNEL}.archive.${"0".repeat(32)}`)
      .expect(404);
    await harness.client().get(`${PATH}/nonsense`).expect(404);
  });

  test("knows what to say of a code that is not in the list any more", async () => {
    const { id } = await lane({ states: ["retrying"], error: "FORGOTTEN_CODE: x", failures: 1 });
    expect((await explain(id)).error).toMatchObject({ code: "FORGOTTEN_CODE", class: null });
  });
});

describe("POST /api/v1/lanes/:id/…", () => {
  const act = (id: string, verb: string) => harness.client().post(`${PATH}/${id}/${verb}`);

  test("try makes a waiting lane due at once and wakes its channel", async () => {
    const { id } = await lane({ states: ["retrying"], error: "DESTINATION_BUSY: x", failures: 1 });
    const { body } = await act(id, "try").expect(202);
    expect(laneDetailSchema.parse(body).due_in_ms).toBe(0);
    expect(harness.woken).toEqual([CHANNEL]);
    expect(harness.journal).toEqual([{ action: "lane.tried", actor: "token:env", subject: id, detail: {} }]);
  });

  test("park stops it until a person lets it go on, and both are in the journal once", async () => {
    const { id } = await lane({ states: ["queued"] });
    for (let n = 0; n < 2; n += 1) {
      expect((await act(id, "park").expect(202)).body).toMatchObject({
        state: "parked",
        reason: "person",
        error: null,
      });
    }
    for (let n = 0; n < 2; n += 1) {
      expect((await act(id, "unpark").expect(202)).body).toMatchObject({ parked_at: null, reason: null });
    }
    expect(harness.journal.map(({ action }) => action)).toEqual(["lane.parked", "lane.unparked"]);
  });

  test("a lane an engine is at work on is not tried, and parking it keeps the lease", async () => {
    const { id } = await lane({ states: ["queued"] });
    await harness.store.query("UPDATE lane SET owner = 'e1', token = 7, ready_at = now() + interval '20 s'");
    expect((await act(id, "try").expect(409)).body).toMatchObject({ type: "urn:botenstoff:problem:lane-busy" });
    await act(id, "park").expect(202);
    await act(id, "unpark").expect(202);
    const { rows } = await harness.store.query("SELECT owner, token::int, ready_at > now() AS leased FROM lane");
    expect(rows).toEqual([{ owner: "e1", token: 7, leased: true }]);
  });

  test("nothing is moved of which the journal does not know", async () => {
    const { id } = await lane({ states: ["queued"] });
    const journal = () => Promise.reject(new Error("no"));
    await harness.client({ journal }).post(`${PATH}/${id}/park`).expect(500);
    expect((await explain(id)).parked_at).toBeNull();
  });
});
