import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { freePort } from "#src/demo/free-port.ts";
import { MllpSender } from "#src/wire/mllp/sender.ts";
import { TestCa } from "../support/test-ca.ts";

const ca = new TestCa();
const closing: (() => unknown)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));
afterAll(() => ca[Symbol.dispose]());

async function open(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What checking the way to a receiver in clear says. */
async function check(port: number): Promise<string> {
  const times = { connectTimeoutMs: 20_000, ackTimeoutMs: 5_000, applicationAckTimeoutMs: 5_000, maxIdleMs: 5_000 };
  const sender = new MllpSender({ host: "127.0.0.1", port, ...times, keepOpen: true }, 1);
  closing.push(() => sender.close());
  return sender.check(AbortSignal.timeout(50_000)).then(
    () => "ok",
    (error: unknown) => (error as Error).message,
  );
}

test("a receiver in clear is fine, whether it is silent or hangs up on what is no message", async () => {
  const ignoring = createServer((socket) => socket.on("error", () => undefined).resume());
  const impatient = createServer((socket) => socket.on("error", () => undefined).on("data", () => socket.destroy()));
  expect(await check(await open(ignoring))).toBe("ok");
  expect(await check(await open(impatient))).toBe("ok");
});

test.each([
  ["", {}],
  [" and asks for a certificate", { requestCert: true, rejectUnauthorized: true }],
  [" of a version we do not", { maxVersion: "TLSv1.1", minVersion: "TLSv1" } as const],
])("a receiver that speaks TLS%s is told from one in clear", async (_how, options) => {
  const { cert, key } = ca.issue();
  const server = createTlsServer({ cert: ca.read(cert), key: ca.read(key), ...options }, (socket) => socket.resume());
  server.on("tlsClientError", () => undefined);
  const port = await open(server);
  expect(await check(port)).toBe(`connecting by MLLP: 127.0.0.1:${port} speaks TLS; set tls at the destination`);
});

test("where nobody listens, host and port are named", async () => {
  const port = await freePort("127.0.0.1");
  expect(await check(port)).toBe(`connecting by MLLP: 127.0.0.1:${port}: ECONNREFUSED`);
});
