import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CHANNEL, startTestEngine, type TestEngine } from "../engine/harness.ts";

const LIMIT = 300;

let engine: TestEngine;
let port: number;
const open = new Set<Socket>();

beforeAll(async () => {
  engine = await startTestEngine({ env: { BOTENSTOFF_HTTP_MAX_CONNECTIONS: String(LIMIT) } });
  await engine.admit();
  port = Number(new URL(engine.url).port);
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await engine.close();
});

async function attacker(first = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  open.add(socket);
  socket.on("error", () => undefined).on("close", () => open.delete(socket));
  socket.resume();
  await once(socket, "connect");
  if (first !== "") socket.write(first);
  return socket;
}

/** The first line the server says to these very bytes before it closes; "" where a reset swallowed it. */
async function said(bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (answer += piece));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.end(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer.split("\r\n")[0] ?? "";
}

const head = (...lines: string[]) => [`POST /webhooks/${CHANNEL} HTTP/1.1`, ...lines, "", ""].join("\r\n");

describe("thousands of connections", () => {
  test("that send nothing, half a head or half a body never keep Meta out, and stay bounded", async () => {
    const firsts = [
      "",
      `POST /webhooks/${CHANNEL} HTTP/1.1\r\nX-A: `,
      head("Host: engine", "Content-Length: 3000000") + "x".repeat(1_000),
    ];
    const delivered: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => attacker(firsts[index % firsts.length])));
      delivered.push(await engine.text(`Runde ${round}`));
    }
    await engine.eventually("the rest is closed", () => open.size <= LIMIT);
    for (const wamid of delivered) await engine.until(wamid, "filed");
    expect(delivered).toHaveLength(20);
  });

  test("with megabytes of bodies nobody signs cost the memory of a few", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const body = Buffer.alloc(3_000_000, 0x20);
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = await attacker(head("Host: engine", "Content-Length: 3400000"));
        await new Promise<void>((resolve) => {
          socket.once("close", resolve);
          socket.write(body, () => resolve());
        });
      }),
    );
    await engine.until(await engine.text("trotzdem"), "filed");
    // 200 bodies of 3 MB are 600 MB; 64 MB of them may be held, besides what the sockets buffer on both sides.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(250 * 1024 * 1024);
  });
});

describe("a request two parsers could read differently", () => {
  test.each([
    ["two lengths", head("Host: engine", "Content-Length: 2", "Content-Length: 3") + "{}", "400"],
    [
      "a length and chunks",
      head("Host: engine", "Content-Length: 2", "Transfer-Encoding: chunked") + "0\r\n\r\n",
      "400",
    ],
    ["no host", head("Content-Length: 2") + "{}", "400"],
    ["a negative length", head("Host: engine", "Content-Length: -1"), "400"],
    ["a head of 100 KB", head("Host: engine", `X-A: ${"a".repeat(100_000)}`), "431"],
    ["a line feed in a header", head("Host: engine", "X-A: a\nContent-Length: 5"), "400"],
    ["no HTTP at all", "\u0016\u0003\u0001\u0002\u0000\r\n\r\n", "400"],
  ])("is refused: %s", async (_what, bytes, status) => {
    expect(await said(bytes)).toMatch(new RegExp(`^(HTTP/1.1 ${status}.*)?$`));
    await engine.text("weiter");
  });
});

describe("a path or header that lies", () => {
  test.each([
    ["GET", `/webhooks/${CHANNEL}/../../api/v1/messages`, 401],
    ["GET", "/webhooks/..%2f..%2fapi%2fv1%2fmessages", 404],
    ["GET", "/webhooks/%00", 404],
    ["GET", "/webhooks/__proto__", 404],
    ["POST", "/webhooks/constructor", 404],
    ["POST", "/webhooks/adt-to-directory", 404],
    ["GET", `/webhooks/${CHANNEL}?hub.mode=subscribe&hub.mode=x&hub.verify_token=&hub.challenge=1`, 403],
    ["GET", `/webhooks/${CHANNEL}?hub[mode]=subscribe&hub[verify_token]=x`, 403],
  ] as const)("%s %s is answered %s… and nothing is stored", async (method, path, status) => {
    const response = await fetch(`${engine.url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("problem+json");
  });
});
