import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { DESCRIBED } from "#src/api/routes/index.ts";
import { writePurge } from "#src/store/sql/purge.ts";
import { createHarness, NOW, type Harness } from "./harness.ts";

let harness: Harness;
let id: string;
let notice: string;
let bulk: string;
beforeAll(async () => {
  harness = await createHarness();
  ({ id } = await harness.put({ state: "held", reason: "unknown" }));
  await harness.putDelivery(id, { destination: "chart", state: "accepted", receipt: { answer: { status: 201 } } });
  notice = await harness.putNotice();
  bulk = (
    await harness
      .client()
      .post("/api/v1/bulk")
      .send({ messages: [id] })
  ).body.id;
  await harness.store.query(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
     VALUES ('whatsapp-to-kis', 'chart', $1, 1, now(), now(), 0)`,
    [Buffer.alloc(16)],
  );
  await writePurge(harness.store, {
    id: randomUUID(),
    epoch: 1_700_000_000,
    at: new Date(NOW),
    destroyed: 3,
    survivors: 1,
    certificate: { format: 1 },
    signature: Buffer.from("signature"),
  });
});
afterAll(() => harness.close());

/** The things an address may name, each of which is there. */
const named = () =>
  new Map([
    ["/api/v1/notices/", notice],
    ["/api/v1/lanes/", `whatsapp-to-kis.chart.${"00".repeat(16)}`],
    ["/api/v1/bulk/", bulk],
  ]);
const at = (path: string) => path.replace("{id}", [...named()].find(([start]) => path.startsWith(start))?.[1] ?? id);

type Operation = {
  responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }>;
  parameters?: { name: string }[];
};

/** Reads the document as a stranger would: only from what the address serves. */
async function served() {
  const { body } = await harness.client().raw.get("/api/openapi.json").expect(200);
  return body as {
    openapi: string;
    paths: Record<string, { get?: Operation; post?: Operation }>;
    components: { schemas: Record<string, z.core.JSONSchema.JSONSchema> };
  };
}

describe("/api/openapi.json", () => {
  test("is OpenAPI 3.1 and needs no token", async () => {
    expect((await served()).openapi).toMatch(/^3\.1\./);
  });

  test.each([
    ["get", "/api/v1/messages", 200],
    ["get", "/api/v1/messages/{id}", 200],
    ["get", "/api/v1/messages/{id}?content=true", 200],
    ["get", "/api/v1/channels", 200],
    ["get", "/api/v1/purges", 200],
    ["get", "/api/v1/notices", 200],
    ["get", "/api/v1/notices?level=loud", 400],
    ["get", "/api/v1/notices/{id}", 200],
    ["get", "/api/v1/notices/{id}?content=true", 200],
    ["get", "/api/v1/statuses", 200],
    ["get", "/readyz", 200],
    ["post", "/api/v1/messages/{id}/reprocess", 202],
    ["get", "/api/v1/messages?limit=0", 400],
    ["get", "/api/v1/messages/{id}?content=perhaps", 400],
  ] as const)("describes what %s %s answers with %i", async (method, path, status) => {
    const document = await served();
    const response = await harness.client()[method](at(path)).expect(status);
    const operation = document.paths[path.split("?")[0]!]![method]!;
    const type = String(response.headers["content-type"]).split(";")[0]!;
    const reference = operation.responses[status]!.content![type]!.schema.$ref;
    const schema = document.components.schemas[reference.split("/").at(-1)!]!;
    const checked = z.fromJSONSchema(schema).safeParse(response.body);
    expect(checked.error?.issues ?? []).toEqual([]);
  });

  test("describes every query parameter and demands strict objects", async () => {
    const document = await served();
    const names = document.paths["/api/v1/messages"]!.get!.parameters!.map(({ name }) => name);
    expect(names).toEqual(
      ["state", "channel", "reason", "kind", "destination", "code", "from", "until"].concat(
        "external_id",
        "after",
        "limit",
      ),
    );
    expect(document.paths["/api/v1/messages"]!.get!.parameters).toContainEqual(
      expect.objectContaining({
        name: "limit",
        schema: expect.objectContaining({ default: 50, minimum: 1, maximum: 500, type: "integer" }),
      }),
    );
    expect(document.components.schemas["Message"]).toMatchObject({ additionalProperties: false });
  });

  test("every path it names is served", async () => {
    const [document, client] = [await served(), harness.client()];
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of ["get", "post"] as const) {
        // A stream does not end by itself.
        if (!item[method] || path === "/api/v1/live") continue;
        const response = await client[method](at(path).replace("{channel}", "whatsapp-to-kis"));
        expect([path, response.text]).not.toEqual([path, expect.stringContaining("There is no such address.")]);
        expect([path, response.status]).not.toEqual([path, 405]);
      }
    }
  });
});

describe("GET /api/v1/purges", () => {
  test("shows certificates with their signatures", async () => {
    const { body } = await harness.client().get("/api/v1/purges").expect(200);
    expect(body).toEqual({
      items: [
        {
          id: expect.any(String),
          epoch: 1_700_000_000,
          at: "2026-11-23T10:00:00.000Z",
          destroyed: 3,
          survivors: 1,
          certificate: { format: 1 },
          signature: Buffer.from("signature").toString("base64"),
        },
      ],
    });
  });
});

describe("GET /api/v1/channels", () => {
  test("shows running and refused channels with the reasons", async () => {
    const { body } = await harness.client().get("/api/v1/channels").expect(200);
    expect(body).toEqual({ items: harness.deps.channels().map((channel) => ({ ...channel, paused: null })) });
  });
});

describe("the list of routes", () => {
  test("names every operation once, every path with one method once, and every parameter of a path", () => {
    const operations = DESCRIBED.map(({ operationId }) => operationId);
    expect(new Set(operations).size).toBe(operations.length);
    const addresses = DESCRIBED.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const { path, params } of DESCRIBED) {
      const named = params ? Object.keys(z.toJSONSchema(params, { io: "input" }).properties ?? {}) : [];
      expect([path, named]).toEqual([path, [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)]);
    }
  });

  test("asks for a right below /api/v1, and nowhere else", () => {
    for (const { path, right } of DESCRIBED) {
      expect([path, right !== "anyone"]).toEqual([path, path.startsWith("/api/v1/")]);
    }
  });

  test("gives one shape one name", async () => {
    const names = new Map<string, unknown>();
    for (const { answer } of DESCRIBED) {
      if (answer.name === undefined) continue;
      expect(names.get(answer.name) ?? answer.schema).toBe(answer.schema);
      names.set(answer.name, answer.schema);
    }
    expect([...names.keys()].sort()).toEqual(
      Object.keys((await served()).components.schemas)
        .filter((name) => name !== "Problem")
        .sort(),
    );
  });
});
