import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { messageDetailSchema, messageListSchema } from "#src/api/message-schema.ts";
import { problemSchema } from "#src/api/problem.ts";
import type { ApiDeps } from "#src/api/deps.ts";
import { place } from "#src/store/sealed/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { CANARY, CHANNEL, createHarness, type Harness } from "./harness.ts";

const PATH = "/api/v1/messages";

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

async function list(query: Record<string, string | number> = {}, changed: Partial<ApiDeps> = {}) {
  const { body } = await harness.client(changed).get(PATH).query(query).expect(200);
  return messageListSchema.parse(body);
}

async function detail(id: string, query = {}, changed: Partial<ApiDeps> = {}) {
  const { body } = await harness.client(changed).get(`${PATH}/${id}`).query(query).expect(200);
  return messageDetailSchema.parse(body);
}

/** The store, with something happening right after its first answer. */
function meanwhile(happens: () => Promise<unknown>): Pick<ApiDeps, "store"> {
  const { store } = harness.deps;
  let first = true;
  return {
    store: {
      transaction: (run) => store.transaction(run),
      query: async (text, values) => {
        const result = await store.query<never>(text, values);
        if (first) {
          first = false;
          await happens();
        }
        return result;
      },
    },
  };
}

describe("GET /api/v1/messages", () => {
  test("lists the newest first, with exactly the promised members", async () => {
    const first = await harness.put({ state: "held", reason: "unknown" });
    const second = await harness.put({ state: "filed" });
    const { items, next } = await list();
    expect(next).toBeNull();
    expect(items).toEqual([
      {
        id: second.id,
        channel: CHANNEL,
        kind: "text",
        external_id: second.externalId,
        state: "filed",
        reason: null,
        received_at: "2026-11-23T10:00:00.000Z",
        filed_at: "2026-11-23T10:00:00.000Z",
      },
      expect.objectContaining({ id: first.id, state: "held", reason: "unknown", filed_at: null }),
    ]);
  });

  test("filters by state, channel and external id, alone and together", async () => {
    const held = await harness.put({ state: "held", reason: "unknown" });
    const filed = await harness.put({ state: "filed" });
    const elsewhere = await harness.put({ channel: "second", externalId: held.externalId });
    const ids = async (query: Record<string, string>) => (await list(query)).items.map(({ id }) => id);
    expect(await ids({ state: "filed" })).toEqual([filed.id]);
    expect(await ids({ channel: "second" })).toEqual([elsewhere.id]);
    expect(await ids({ external_id: held.externalId })).toEqual([elsewhere.id, held.id]);
    expect(await ids({ external_id: held.externalId, channel: CHANNEL })).toEqual([held.id]);
    expect(await ids({ external_id: held.externalId, state: "received" })).toEqual([elsewhere.id]);
    expect(await ids({ external_id: "wamid.never-seen" })).toEqual([]);
    expect(await ids({ channel: "no-such-channel" })).toEqual([]);
  });

  test("treats an empty parameter as absent", async () => {
    await harness.put();
    expect((await list({ state: "", channel: "", external_id: "", after: "", limit: "" })).items).toHaveLength(1);
  });

  test("gives 50 a page unless told otherwise", async () => {
    for (let n = 0; n < 51; n += 1) await harness.put();
    const page = await list();
    expect(page.items).toHaveLength(50);
    expect((await list({ after: page.next! })).items).toHaveLength(1);
  });

  test("pages without gap or repetition, whatever arrives in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 12 }),
        fc.array(fc.record({ limit: fc.integer({ min: 1, max: 5 }), arriving: fc.integer({ min: 0, max: 2 }) }), {
          minLength: 1,
        }),
        fc.boolean(),
        async (count, rounds, byExternalId) => {
          await harness.clear();
          const expected: string[] = [];
          for (let n = 0; n < count; n += 1) {
            // Two channels share one external id, so that the merged list is paged too.
            const channel = n % 2 === 0 ? CHANNEL : "second";
            const externalId = `wamid.${Math.floor(n / 2)}`;
            expected.unshift((await harness.put({ channel, externalId })).id);
          }
          const query = byExternalId ? { external_id: "wamid.0" } : {};
          const wanted = byExternalId ? expected.slice(-2) : expected;
          const seen: string[] = [];
          let after = "";
          for (let round = 0; ; round += 1) {
            const { limit, arriving } = rounds[round % rounds.length]!;
            const page = await list({ ...query, after, limit });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...page.items.map(({ id }) => id));
            if (page.next === null) break;
            for (let n = 0; n < arriving; n += 1) await harness.put();
            after = page.next;
          }
          expect(seen).toEqual(wanted);
        },
      ),
      { numRuns: 15 },
    );
  });

  test.each([
    ["limit", "0"],
    ["limit", "501"],
    ["limit", "ten"],
    ["state", "lost"],
    ["after", "not-a-cursor"],
    ["channel", "NOT A CHANNEL"],
  ])("answers 400 to an unusable %s", async (parameter, value) => {
    const response = await harness
      .client()
      .get(PATH)
      .query({ [parameter]: value })
      .expect(400);
    expect(problemSchema.parse(response.body).errors).toEqual([expect.objectContaining({ parameter })]);
    expect(response.headers["content-type"]).toContain("application/problem+json");
  });

  test("answers 400 to a parameter it does not know, instead of listing everything", async () => {
    const { body } = await harness.client().get(PATH).query({ state: "held", chanel: CHANNEL }).expect(400);
    // Which one, and never its name: somebody may have typed a patient's there.
    expect(problemSchema.parse(body).errors).toEqual([
      { parameter: "no. 2 of 2", reason: expect.stringContaining("it knows state, channel, ") },
    ]);
    await harness.client().get(`${PATH}?state=held&state=filed`).expect(400);
  });

  test("shows what a purge destroyed between query and opening as purged", async () => {
    const { externalId } = await harness.put({ state: "filed" });
    const epochGone = () => new BotenstoffError("EPOCH_KEY_DESTROYED", "opening: purged");
    const sealer = {
      open: () => {
        throw epochGone();
      },
    };
    expect((await list({}, { sealer })).items).toEqual([
      expect.objectContaining({ state: "purged", external_id: null }),
    ]);
    expect((await list({ external_id: externalId }, { sealer })).items[0]).toMatchObject({ external_id: externalId });
  });

  test("shows a damaged row without its external id rather than no list", async () => {
    const { id } = await harness.put();
    await harness.put();
    await harness.store.query("UPDATE message SET external_id = '\\x0100' WHERE id = $1", [id]);
    const { items } = await list();
    expect(items.map(({ external_id: externalId }) => externalId === null)).toEqual([false, true]);
    expect(harness.logged).toContainEqual(["error", "message.seal_broken", { message: id }]);
  });
});

describe("GET /api/v1/messages/:id", () => {
  test("adds history and deliveries, and no content", async () => {
    const { id } = await harness.put({ state: "failed" });
    await harness.putDelivery(id, {
      destination: "chart",
      state: "confirmed",
      receipt: { sentSha256: "ab" },
      confirmation: { at: "x" },
    });
    await harness.putDelivery(id, { destination: "archive", state: "failed", lastError: "DESTINATION_REFUSED: AE" });
    const message = await detail(id);
    expect(message.history).toEqual([
      { state: "received", at: "2026-11-23T10:00:00.000Z" },
      { state: "failed", at: "2026-11-23T10:00:00.000Z" },
    ]);
    expect(message.deliveries).toEqual([
      {
        destination: "archive",
        purpose: "file",
        filing: 1,
        state: "failed",
        attempts: 1,
        last_error: "DESTINATION_REFUSED: AE",
        receipt: null,
        confirmation: null,
      },
      {
        destination: "chart",
        purpose: "file",
        filing: 1,
        state: "confirmed",
        attempts: 1,
        last_error: null,
        receipt: { sentSha256: "ab" },
        confirmation: { at: "x" },
      },
    ]);
    expect(message).not.toHaveProperty("content");
    expect(harness.journal).toEqual([]);
  });

  test("shows the content on request, after the journal knows who read it", async () => {
    const { id } = await harness.put({ body: { replyTo: "wamid.before" } });
    expect((await detail(id, { content: "true" })).content).toEqual({
      content: { kind: "text", text: CANARY.text },
      sender: { phone: CANARY.phone, displayName: CANARY.name },
      sent_at: "2026-11-23T10:00:00.000Z",
      recipient: null,
      circumstances: null,
      reply_to: "wamid.before",
      raw: { type: "text", from: CANARY.phone },
    });
    expect(harness.journal).toEqual([
      { action: "content.read", actor: "token:env", subject: id, detail: { channel: CHANNEL } },
    ]);
  });

  test("shows no content when the journal refuses the entry", async () => {
    const { id } = await harness.put();
    const journal = () => Promise.reject(new Error(CANARY.text));
    const response = await harness.client({ journal }).get(`${PATH}/${id}?content=true`).expect(500);
    expect(response.text).not.toContain(CANARY.text);
    expect(response.text).not.toContain(CANARY.phone);
  });

  test("keeps what was opened out of caches", async () => {
    const { id } = await harness.put();
    const response = await harness.client().get(`${PATH}/${id}?content=true`);
    expect(response.headers["cache-control"]).toBe("no-store");
    expect(response.headers).not.toHaveProperty("etag");
  });

  test.each(["00000000-0000-4000-8000-000000000000", "wamid.xyz", "%E0%A4%A"])(
    "answers 404 or 400 to %s",
    async (id) => {
      const response = await harness.client().get(`${PATH}/${id}`);
      expect([400, 404]).toContain(response.status);
      problemSchema.parse(response.body);
      expect(response.text).not.toContain(id);
    },
  );

  test("answers 500 with the remedy when the seal is broken", async () => {
    const { id } = await harness.put();
    await harness.store.query("UPDATE message SET sealed = '\\x0100' WHERE id = $1", [id]);
    const response = await harness.client().get(`${PATH}/${id}?content=true`).expect(500);
    expect(problemSchema.parse(response.body).type).toBe("urn:botenstoff:error:SEAL_BROKEN");
    expect(harness.journal).toEqual([]);
  });

  test("reads again what a purge sealed anew for another epoch in between", async () => {
    const { id, externalId } = await harness.put({ state: "held", reason: "unknown" });
    const at = place.externalId(harness.epoch, id);
    const write = (sealed: Buffer) =>
      harness.store.query("UPDATE message SET external_id = $2 WHERE id = $1", [id, sealed]);
    const moved = harness.sealer.seal(at, Buffer.from(externalId));
    // What another place's seal covers does not open here, like a value of the epoch that was left.
    await write(harness.sealer.seal({ ...at, epoch: at.epoch + 1 }, Buffer.from(externalId)));
    expect(
      await detail(
        id,
        {},
        meanwhile(() => write(moved)),
      ),
    ).toMatchObject({ state: "held", external_id: externalId });
  });
});

describe("POST /api/v1/messages/:id/reprocess", () => {
  test.each(["held", "filtered"] as const)("lets a %s message in again", async (state) => {
    const { id } = await harness.put({ state, reason: "unknown" });
    const { body } = await harness.client().post(`${PATH}/${id}/reprocess`).expect(202);
    expect(messageDetailSchema.parse(body)).toMatchObject({ id, state: "received", reason: null });
    expect(harness.woken).toEqual([CHANNEL]);
    expect(harness.journal).toEqual([{ action: "message.reprocessed", actor: "token:env", subject: id, detail: {} }]);
  });

  test("queues the failed deliveries of a failed message again", async () => {
    const { id } = await harness.put({ state: "failed" });
    await harness.putDelivery(id, { destination: "chart", state: "failed", lastError: "MAPPING_FAILED: x" });
    const { body } = await harness.client().post(`${PATH}/${id}/reprocess`).expect(202);
    expect(messageDetailSchema.parse(body)).toMatchObject({
      state: "routed",
      deliveries: [{ destination: "chart", state: "queued", last_error: null }],
    });
  });

  test.each(["received", "routed"] as const)("tries a %s message at once", async (state) => {
    const { id } = await harness.put({ state });
    const { body } = await harness.client().post(`${PATH}/${id}/reprocess`).expect(202);
    expect(messageDetailSchema.parse(body)).toMatchObject({ state });
    expect(harness.woken).toEqual([CHANNEL]);
  });

  test("answers 409 for a filed message", async () => {
    const { id } = await harness.put({ state: "filed" });
    const { body } = await harness.client().post(`${PATH}/${id}/reprocess`).expect(409);
    expect(problemSchema.parse(body).type).toBe("urn:botenstoff:problem:not-reprocessable");
    expect(harness.journal).toEqual([]);
    expect(harness.woken).toEqual([]);
  });

  test("answers 404 for a message that does not exist", async () => {
    await harness.client().post(`${PATH}/00000000-0000-4000-8000-000000000000/reprocess`).expect(404);
  });

  test("changes nothing when the journal refuses the entry", async () => {
    const { id } = await harness.put({ state: "held", reason: "unknown" });
    await harness
      .client({ journal: () => Promise.reject(new Error("no")) })
      .post(`${PATH}/${id}/reprocess`)
      .expect(500);
    expect(await detail(id)).toMatchObject({ state: "held" });
  });
});

describe("after a purge", () => {
  // A purged epoch never opens again: these need an engine of their own.
  let own: Harness;
  beforeAll(async () => {
    own = await createHarness();
  });
  afterAll(() => own.close());

  test("a message shows as purged, known by its external id only to who asks for it", async () => {
    const { id, externalId } = await own.put({ state: "filed" });
    await own.putDelivery(id, { destination: "chart", state: "confirmed", receipt: { mrn: CANARY.name } });
    await own.purge();
    const ask = async (path: string) => (await own.client().get(path).expect(200)).body as unknown;
    expect(messageListSchema.parse(await ask(PATH)).items).toEqual([
      expect.objectContaining({ id, state: "purged", external_id: null, filed_at: "2026-11-23T10:00:00.000Z" }),
    ]);
    const found = messageListSchema.parse(await ask(`${PATH}?external_id=${encodeURIComponent(externalId)}`));
    expect(found.items).toEqual([expect.objectContaining({ id, state: "purged", external_id: externalId })]);
    expect(messageListSchema.parse(await ask(`${PATH}?state=purged`)).items).toHaveLength(1);
    const shown = messageDetailSchema.parse(await ask(`${PATH}/${id}?content=true`));
    expect(shown).toMatchObject({ state: "purged", external_id: null, content: null });
    expect(shown.deliveries).toEqual([
      expect.objectContaining({ destination: "chart", state: "confirmed", receipt: null }),
    ]);
    expect(shown.history.map(({ state }) => state)).toEqual(["received", "filed", "purged"]);
    expect(own.journal).toEqual([]);
    await own.client().post(`${PATH}/${id}/reprocess`).expect(409);
  });
});
