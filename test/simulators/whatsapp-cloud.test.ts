import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { request } from "undici";
import { startWhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";
import type { WhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { Secret } from "#src/message/secret.ts";
import { metaWebhook } from "#src/sources/whatsapp/meta.ts";

const hook = metaWebhook(new Secret("verify-me"), [new Secret("secret")]);
let cloud: WhatsappCloud;
let engine: Server;
/** What the engine answers next; 200 when empty. A signature that does not fit is 401 whatever is queued. */
let answers: number[];
let received: Buffer[];

const webhookUrl = () => `http://127.0.0.1:${(engine.address() as AddressInfo).port}/webhooks/whatsapp-to-kis`;
const authorization = "Bearer token";

beforeAll(async () => {
  cloud = await startWhatsappCloud({
    host: "127.0.0.1",
    port: 0,
    appSecret: "secret",
    accessToken: "token",
    phoneNumberId: "106",
  });
  engine = createServer((call, response) => {
    void buffer(call).then((raw) => {
      const { searchParams: query } = new URL(call.url ?? "", "http://engine");
      if (call.method === "GET") {
        const challenge = hook.challenge(query);
        return response.writeHead(challenge === undefined ? 403 : 200).end(challenge);
      }
      received.push(raw);
      const authentic = hook.authenticate({ raw, query, headers: call.headers });
      return response.writeHead(authentic ? (answers.shift() ?? 200) : 401).end();
    });
  });
  await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
});

beforeEach(() => {
  answers = [];
  received = [];
});

afterAll(async () => {
  await cloud.close();
  engine.closeAllConnections();
  await new Promise((resolve) => engine.close(resolve));
});

describe("webhooks", () => {
  test("are delivered signed, and again until they are answered with 200", async () => {
    const signed = cloud.signedBody(cloud.textBody({ from: "4915112345678", body: "Grüß Gott" }));
    answers = [503, 500, 429];
    expect(await cloud.deliver(webhookUrl(), signed, { attempts: 5, firstMs: 1 })).toBe(4);
    expect(received).toHaveLength(4);
    expect(received.every((raw) => raw.equals(signed.body))).toBe(true);
  });

  test("are given up when the plan runs out", async () => {
    answers = [503, 503];
    expect(await cloud.deliver(webhookUrl(), cloud.signedBody({}), { attempts: 2, firstMs: 1 })).toBe(0);
    expect(await cloud.post("http://127.0.0.1:9/", cloud.signedBody({}))).toBe(0);
  });

  test("are preceded by a handshake that only the right token passes", async () => {
    expect(await cloud.verify(webhookUrl(), "verify-me")).toBe(true);
    expect(await cloud.verify(webhookUrl(), "wrong")).toBe(false);
  });

  test("carry ids that hold the sender's number, as WhatsApp's do, and never repeat", () => {
    const ids = Array.from({ length: 100 }, () => wamid("4915112345678"));
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) {
      expect(id).toMatch(/^wamid\.HBgN[A-Za-z0-9+/=]+$/);
      expect(Buffer.from(id.slice("wamid.".length), "base64").toString("latin1")).toContain("4915112345678");
    }
  });
});

describe("media", () => {
  const bytes = Buffer.from("not really a picture");
  const get = (url: string, headers: Record<string, string> = { authorization }) => request(url, { headers });

  test("are found by id, downloaded from the address given, and gone once deleted", async () => {
    const { id, sha256 } = cloud.addMedia(bytes, "image/jpeg");
    const node = `${cloud.url}/v25.0/${id}`;
    const found = (await (await get(node)).body.json()) as Record<string, unknown>;
    expect(found).toMatchObject({
      id,
      mime_type: "image/jpeg",
      file_size: bytes.length,
      messaging_product: "whatsapp",
    });
    expect(Buffer.from(sha256, "base64").toString("hex")).toBe(found["sha256"]);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(found["sha256"]);
    expect(await (await get(String(found["url"]))).body.text()).toBe(bytes.toString());
    const deleted = await request(node, { method: "DELETE", headers: { authorization } });
    expect(await deleted.body.json()).toEqual({ success: true });
    expect(cloud.hasMedia(id)).toBe(false);
    expect((await get(node)).statusCode).toBe(400);
    expect((await get(String(found["url"]))).statusCode).toBe(404);
  });

  test("are refused without the token", async () => {
    const { id } = cloud.addMedia(bytes, "image/jpeg");
    expect((await get(`${cloud.url}/v25.0/${id}`, {})).statusCode).toBe(401);
    expect(cloud.requests.at(-1)).toEqual({ method: "GET", path: `/v25.0/${id}`, authorized: false });
  });
});
