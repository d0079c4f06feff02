import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { createApp } from "#src/api/app.ts";
import { createClients } from "#src/api/clients.ts";
import { problemSchema } from "#src/api/problem.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { APP_SECRET, CANARY, CHANNEL, createHarness, VERIFY_TOKEN, type Harness } from "./harness.ts";

const PATH = `/webhooks/${CHANNEL}`;
const BODY = JSON.stringify({ id: "wamid.one", text: CANARY.text });

function sign(body: string | Buffer, secret = APP_SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

async function stored(): Promise<number> {
  const { rows } = await harness.store.query<{ count: number }>(
    "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM message) + (SELECT count(*) FROM seen) AS count",
  );
  return rows[0]!.count;
}

function send(changed = {}, body = BODY, signature = sign(body)) {
  return harness.client(changed).raw.post(PATH).set("X-Hub-Signature-256", signature).type("json").send(body);
}

describe("POST /webhooks/:channel", () => {
  test("answers 200 with nothing once the event is durable", async () => {
    const response = await send().expect(200);
    expect(response.text).toBe("");
    expect(await stored()).toBe(3);
  });

  test("hands on the very bytes that were signed, and when they came", async () => {
    const seen: unknown[] = [];
    const body = '{ "id" : "wamid.\\u00e4",\n "x": "\\/" }';
    const door = harness.deps.webhook(CHANNEL)!;
    const webhook = () => ({ ...door, intake: async (event: unknown) => void seen.push(event) });
    await send({ webhook }, body).expect(200);
    expect(seen).toEqual([{ raw: Buffer.from(body), receivedAt: "2026-11-23T10:00:00.000Z" }]);
  });

  test("does not answer before the event is durable", async () => {
    let finish: () => void = () => undefined;
    const door = harness.deps.webhook(CHANNEL)!;
    const webhook = () => ({ ...door, intake: () => new Promise<void>((resolve) => (finish = resolve)) });
    let answered = false;
    const answer = send({ webhook }).then((response) => {
      answered = true;
      return response;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    finish();
    expect((await answer).status).toBe(200);
  });

  test.each([
    ["a wrong signature", sign(BODY, "another secret")],
    ["the signature of other bytes", sign(`${BODY} `)],
    ["no signature worth the name", "sha256=0"],
  ])("answers 401 to %s and stores nothing", async (_what, signature) => {
    const response = await send({}, BODY, signature).expect(401);
    problemSchema.parse(response.body);
    expect(await stored()).toBe(0);
    expect(await harness.deps.metrics.render()).toMatch(
      /botenstoff_signature_failures_total\{channel="[a-z-]+"\} [1-9]/,
    );
  });

  test("answers 401 to an empty body", async () => {
    await harness.client().raw.post(PATH).expect(401);
  });

  test.each([
    ["the store is away", new BotenstoffError("STORE_UNAVAILABLE", "writing: no connection")],
    ["anything else breaks", new Error(CANARY.text)],
  ])("answers 503 with Retry-After when %s", async (_when, error) => {
    const door = harness.deps.webhook(CHANNEL)!;
    const response = await send({ webhook: () => ({ ...door, intake: () => Promise.reject(error) }) }).expect(503);
    expect(Number(response.headers["retry-after"])).toBeGreaterThan(0);
    problemSchema.parse(response.body);
    expect(response.text).not.toContain(CANARY.text);
    expect(JSON.stringify(harness.logged)).not.toContain(CANARY.text);
  });

  test("answers 503 when the disk is too full, and stores nothing", async () => {
    const response = await send({ mayStore: async () => false }).expect(503);
    expect(response.headers["retry-after"]).toBeDefined();
    await send({ mayStore: () => Promise.reject(new Error("statfs")) }).expect(503);
    expect(await stored()).toBe(0);
    expect(harness.logged).toContainEqual(["error", "webhook.not_stored", { channel: CHANNEL, error: "STORE_FULL" }]);
  });

  test("answers 404 for a channel that does not run, whatever the signature", async () => {
    const { raw } = harness.client();
    const response = await raw
      .post(`/webhooks/${CANARY.phone}`)
      .set("X-Hub-Signature-256", sign(BODY))
      .send(BODY)
      .expect(404);
    problemSchema.parse(response.body);
    expect(response.text).not.toContain(CANARY.phone);
    expect(await harness.deps.metrics.render()).not.toContain(CANARY.phone);
  });

  test("acknowledges nothing that failed without saying why", async () => {
    const door = harness.deps.webhook(CHANNEL)!;
    const authenticate = () => {
      throw undefined as unknown as Error;
    };
    await send({ webhook: () => ({ ...door, authenticate }) }).expect(500);
    expect(await stored()).toBe(0);
  });

  test("takes what is posted to the address written in another way", async () => {
    const { raw } = harness.client();
    const post = (path: string) => raw.post(path).set("X-Hub-Signature-256", sign(BODY)).type("json").send(BODY);
    for (const path of [`${PATH}/`, PATH.toUpperCase().replace(CHANNEL.toUpperCase(), CHANNEL), `${PATH}?from=meta`]) {
      const response = await post(path).expect(200);
      expect(response.headers["x-content-type-options"]).toBe("nosniff");
    }
    await post(`${PATH}/`).set("X-Hub-Signature-256", sign(BODY, "another secret")).expect(401);
  });

  test("takes 3 MB, which is the most Meta sends", async () => {
    await send({}, JSON.stringify({ id: "wamid.big", filler: "x".repeat(3 * 1024 * 1024 - 100) })).expect(200);
  });

  test("refuses more than 3 MB by its announced length, before it arrives", async () => {
    await using server = createServer(createApp(harness.deps)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const request = httpRequest({ port, path: PATH, method: "POST", headers: { "Content-Length": 4 * 1024 * 1024 } });
      request.on("response", (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      request.flushHeaders();
    });
    expect(status).toBe(413);
  });

  test("refuses more than 3 MB that comes without a length", async () => {
    await using server = createServer(createApp(harness.deps)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`, {
      method: "POST",
      body: new Blob([Buffer.alloc(4 * 1024 * 1024)]).stream(),
      duplex: "half",
    });
    expect(response.status).toBe(413);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  });

  test("does not unpack a compressed body", async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const { raw } = harness.client();
    await raw
      .post(PATH)
      .set("Content-Encoding", "gzip")
      .set("X-Hub-Signature-256", sign(bomb))
      .type("json")
      .send(bomb)
      .expect(415);
  });

  test("counts every answer by channel and status", async () => {
    await send();
    expect(await harness.deps.metrics.render()).toContain(
      `botenstoff_webhook_requests_total{channel="${CHANNEL}",status="200"}`,
    );
  });

  test("answers 429 to an address that keeps failing, but still takes what is signed", async () => {
    const { raw } = harness.client();
    const forged = () => raw.post(PATH).set("X-Hub-Signature-256", sign(BODY, "another secret")).send(BODY);
    for (let failure = 0; failure < 60; failure += 1) await forged().expect(401);
    const response = await forged().expect(429);
    expect(response.headers).toMatchObject({ "retry-after": "60", connection: "close" });
    problemSchema.parse(response.body);
    await raw.post(PATH).set("X-Hub-Signature-256", sign(BODY)).send(BODY).expect(200);
    const guess = { "hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1" };
    await raw.get(PATH).query(guess).expect(429);
    await raw
      .get(PATH)
      .query({ ...guess, "hub.verify_token": VERIFY_TOKEN })
      .expect(200);
  });

  test("tells addresses apart by what a trusted proxy forwards, and by nothing a stranger forwards", async () => {
    const fail = (agent: ReturnType<Harness["client"]>["raw"], address: string) =>
      agent.post(PATH).set("X-Forwarded-For", address).set("X-Hub-Signature-256", sign(BODY, "no")).send(BODY);
    const proxies = ["127.0.0.0/8", "::1"];
    const { raw } = harness.client({ clients: createClients({ proxies, certificateHeader: "x" }) });
    for (let failure = 0; failure < 61; failure += 1) await fail(raw, "198.51.100.7");
    await fail(raw, "198.51.100.7").expect(429);
    await fail(raw, "198.51.100.8").expect(401);
    // Only the last hop is the proxy's own word.
    await fail(raw, "198.51.100.9, 198.51.100.7").expect(429);
    const { raw: unproxied } = harness.client();
    for (let failure = 0; failure < 61; failure += 1) await fail(unproxied, `198.51.100.${failure}`);
    await fail(unproxied, "198.51.100.200").expect(429);
  });

  test("answers 405 to other methods", async () => {
    const response = await harness.client().raw.delete(PATH).expect(405);
    expect(response.headers["allow"]).toBe("GET, POST");
  });
});

describe("GET /webhooks/:channel", () => {
  const verify = (token: string, challenge: string) =>
    harness
      .client()
      .raw.get(PATH)
      .query({ "hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge });

  test("echoes the challenge verbatim as plain text", async () => {
    const response = await verify(VERIFY_TOKEN, "<b>1158201444</b>").expect(200);
    expect(response.text).toBe("<b>1158201444</b>");
    expect(response.headers["content-type"]).toMatch(/^text\/plain/);
    expect(response.headers["x-content-type-options"]).toBe("nosniff");
    expect(response.headers["content-security-policy"]).toBeUndefined();
  });

  test("answers 403 to a wrong verify token without repeating anything", async () => {
    const response = await verify("wrong", CANARY.text).expect(403);
    problemSchema.parse(response.body);
    expect(response.text).not.toContain(CANARY.text);
  });

  test("answers 404 for a channel that does not run", async () => {
    await harness.client().raw.get("/webhooks/other").expect(404);
  });
});
