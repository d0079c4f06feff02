import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { deriveUuid } from "#src/message/id.ts";
import type { NoticeRow } from "#src/store/sql/notices.ts";
import { reportOutbound } from "#src/store/sql/outbound-status.ts";
import { CANARY, CHANNEL, createHarness, NOW, WAMID, type Harness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

const AT = new Date(NOW).toISOString();

const put = (changed: Partial<NoticeRow> = {}) => harness.putNotice(changed);

function report(state: "sent" | "read", channel = CHANNEL): Promise<void> {
  const row = {
    externalBi: harness.deps.blindIndex.of("external-id", channel, WAMID),
    participantBi: Buffer.alloc(0),
    id: deriveUuid("outbound", channel, WAMID, ""),
    channel,
    state,
    rank: state === "sent" ? 1 : 4,
    reachedAt: AT,
    codes: "[]",
  };
  return reportOutbound(harness.store, [row], new Date(NOW));
}

describe("GET /api/v1/notices", () => {
  test("lists operator events and statuses by id and code, nothing personal", async () => {
    const about = deriveUuid("outbound", CHANNEL, WAMID, "");
    await put();
    await put({ kind: "status", field: "statuses", event: "failed", codes: '["131026"]', level: "info", about });
    const { body, text } = await harness.client().get("/api/v1/notices").expect(200);
    expect(body).toMatchObject({
      items: [
        { kind: "status", field: "statuses", event: "failed", codes: ["131026"], level: "info", about },
        { kind: "operator", field: "account_update", event: "DISABLED_UPDATE", codes: [], level: "warn", about: null },
      ],
      next: null,
    });
    for (const secret of [...Object.values(CANARY), WAMID]) expect(text).not.toContain(secret);
  });

  test("filters and pages", async () => {
    for (const level of ["warn", "error"] as const) await put({ level });
    await put({ kind: "status", field: "statuses", level: "info" });
    const levels = async (query: string) => {
      const { body } = await harness.client().get(`/api/v1/notices?${query}`).expect(200);
      return (body.items as { level: string }[]).map(({ level }) => level);
    };
    expect(await levels("kind=operator")).toEqual(["error", "warn"]);
    expect(await levels("level=error")).toEqual(["error"]);
    expect(await levels("field=statuses&channel=whatsapp-to-kis")).toEqual(["info"]);
    expect(await levels("channel=second")).toEqual([]);
    const { body } = await harness.client().get("/api/v1/notices?limit=2").expect(200);
    expect(await levels(`after=${body.next}`)).toEqual(["warn"]);
    for (const wrong of ["level=loud", "kind=x", "limit=0", "after=x", "feild=x", "field=%00"])
      await harness.client().get(`/api/v1/notices?${wrong}`).expect(400);
  });

  test("needs the token", async () => {
    for (const path of ["notices", "statuses"]) await harness.client().raw.get(`/api/v1/${path}`).expect(401);
  });
});

describe("GET /api/v1/notices/:id", () => {
  test("shows the provider's own element only when asked, and the journal knows", async () => {
    const id = await put();
    const { body } = await harness.client().get(`/api/v1/notices/${id}`).expect(200);
    expect(body).not.toHaveProperty("content");
    expect(harness.journal).toEqual([]);
    const shown = await harness.client().get(`/api/v1/notices/${id}?content=true`).expect(200);
    expect(shown.body.content).toEqual({ element: { recipient_id: CANARY.phone, title: CANARY.text } });
    expect(harness.journal).toMatchObject([{ action: "content.read", subject: id, detail: { channel: CHANNEL } }]);
  });

  test("is 404 for what is not there", async () => {
    for (const id of ["x", deriveUuid("nothing")]) await harness.client().get(`/api/v1/notices/${id}`).expect(404);
  });

  test("shows nothing the journal cannot record", async () => {
    const id = await put();
    const journal = async () => Promise.reject(new Error("full"));
    const { text } = await harness.client({ journal }).get(`/api/v1/notices/${id}?content=true`).expect(500);
    expect(text).not.toContain(CANARY.text);
  });
});

describe("GET /api/v1/statuses", () => {
  test("finds a sent message by its wamid in any channel, and never shows it", async () => {
    await report("read");
    await report("sent");
    await report("sent", "second");
    const { body, text } = await harness.client().get(`/api/v1/statuses?external_id=${WAMID}`).expect(200);
    const found = body.items as { channel: string; state: string }[];
    expect(found.map(({ channel, state }) => [channel, state]).sort()).toEqual([
      ["second", "sent"],
      [CHANNEL, "read"],
    ]);
    expect(text).not.toContain(CANARY.phone);
    const one = await harness.client().get(`/api/v1/statuses?external_id=${WAMID}&channel=${CHANNEL}`).expect(200);
    expect(one.body.items).toEqual([
      { id: expect.any(String), channel: CHANNEL, state: "read", reached_at: AT, codes: [], updated_at: AT },
    ]);
    expect((await harness.client().get("/api/v1/statuses?external_id=wamid.other").expect(200)).body.items).toEqual([]);
  });
});
