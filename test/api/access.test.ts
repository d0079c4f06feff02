import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiDeps } from "#src/api/deps.ts";
import { problemSchema } from "#src/api/problem.ts";
import { CANARY, createHarness, TOKEN, type Harness } from "./harness.ts";

const PATHS = ["/api/v1/messages", "/api/v1/channels", "/api/v1/purges", "/api/v1/whatever"];

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

describe("the token", () => {
  test.each(PATHS)("guards %s", async (path) => {
    const { raw } = harness.client();
    for (const header of [undefined, "Bearer wrong", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`]) {
      const request = raw.get(path);
      const response = await (header === undefined ? request : request.set("Authorization", header)).expect(401);
      expect(response.headers["www-authenticate"]).toMatch(/^Bearer/);
      problemSchema.parse(response.body);
    }
  });

  test("closes the API where none is configured, even for who guesses", async () => {
    const { raw } = harness.client({ access: harness.accessWith({}) });
    for (const path of PATHS) {
      const response = await raw.get(path).set("Authorization", "Bearer undefined").expect(403);
      expect(problemSchema.parse(response.body).type).toBe("urn:botenstoff:problem:closed");
    }
    await raw.get("/api/openapi.json").expect(200);
    await raw.get("/healthz").expect(200);
  });

  test("guessed wrong twenty times is refused faster, and the right one is taken all the same", async () => {
    const { raw, get } = harness.client();
    for (let n = 0; n < 20; n += 1)
      await raw.get("/api/v1/channels").set("Authorization", `Bearer guess-${n}`).expect(401);
    const refused = await raw.get("/api/v1/channels").set("Authorization", "Bearer guess").expect(429);
    expect(refused.headers["retry-after"]).toBe("60");
    problemSchema.parse(refused.body);
    await get("/api/v1/channels").expect(200);
  });

  test("sent right is never counted", async () => {
    const { get } = harness.client();
    await Promise.all(Array.from({ length: 60 }, () => get("/api/v1/channels").expect(200)));
  });
});

describe("errors", () => {
  const personal = Object.values(CANARY);

  test.each([
    ["GET", `/${CANARY.phone}`],
    ["GET", `/api/v1/${CANARY.phone}`],
    ["GET", `/api/v1/messages/${CANARY.phone}`],
    ["GET", `/api/v1/messages?state=${CANARY.phone}`],
    ["GET", `/api/v1/messages?${CANARY.phone}=1`],
    ["GET", `/api/v1/messages?after=${CANARY.phone}`],
    ["GET", `/api/v1/messages?limit=${CANARY.phone}`],
    ["GET", `/api/v1/messages?channel=${CANARY.name}`],
    ["POST", `/api/v1/messages/${CANARY.phone}/reprocess`],
    ["DELETE", `/api/v1/messages/${CANARY.phone}`],
    ["POST", `/webhooks/${CANARY.phone}`],
    ["GET", `/webhooks/whatsapp-to-kis?hub.challenge=${CANARY.phone}`],
    ["GET", `/api/v1/messages/%E0${CANARY.phone}`],
  ] as const)("are problem details that repeat nothing of the request (%#)", async (method, path) => {
    const { get, post, raw } = harness.client();
    const request = method === "GET" ? get(path) : method === "POST" ? post(path) : raw.delete(path);
    const response = await request.set("X-Whatever", CANARY.phone);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers["content-type"]).toContain("application/problem+json");
    const problem = problemSchema.parse(response.body);
    expect(problem.status).toBe(response.status);
    for (const value of personal) expect(JSON.stringify([response.body, response.headers])).not.toContain(value);
  });

  test.each([
    ["an unexpected error", new Error(`value ${CANARY.phone} violates`)],
    ["an error that claims to be the caller's", Object.assign(new Error(CANARY.text), { status: 499, expose: true })],
  ])("say nothing of %s, neither to the caller nor to the log", async (_what, error) => {
    const purges: ApiDeps["purges"] = () => Promise.reject(error);
    const response = await harness.client({ purges }).get("/api/v1/purges");
    problemSchema.parse(response.body);
    for (const value of personal) expect(response.text + JSON.stringify(harness.logged)).not.toContain(value);
  });

  test("answer 405 with the allowed methods", async () => {
    const response = await harness.client().post("/api/v1/channels").expect(405);
    expect(response.headers["allow"]).toBe("GET");
  });

  test("do not tell what the server is made of", async () => {
    const response = await harness.client().raw.get("/nowhere").expect(404);
    expect(response.headers).not.toHaveProperty("x-powered-by");
    expect(response.headers["x-content-type-options"]).toBe("nosniff");
  });
});
