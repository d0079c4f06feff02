import { once } from "node:events";
import { request, type RequestOptions } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { Agent, createServer as createHttpServer, request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createApp } from "#src/api/app.ts";
import { createClients } from "#src/api/clients.ts";
import { Connections } from "#src/api/connections.ts";
import type { Route } from "#src/api/route.ts";
import { ROUTES } from "#src/api/routes/index.ts";
import { freePort } from "#src/demo/free-port.ts";
import { openListeners, type Listeners } from "#src/engine/listeners.ts";
import { readSettings } from "#src/engine/settings.ts";
import { startServer, type RunningServer, type ServerIdentity } from "#src/api/server.ts";
import { sign } from "#src/simulators/whatsapp-cloud/payload.ts";
import { createAuthority, type Issued } from "../support/certificates.ts";
import { APP_SECRET, CHANNEL, createHarness, VERIFY_TOKEN, type Harness } from "./harness.ts";

const META = "client.webhooks.fbclientcerts.com";
const hospital = createAuthority("Hospital CA");
const metaCa = createAuthority("Meta outbound API CA");
const stranger = createAuthority("Meta outbound API CA");
const expired = { from: new Date("2020-01-01"), to: new Date("2020-12-31") };

let harness: Harness;
let server: RunningServer;

const material = (issued: Issued, clientCa = true): ServerIdentity => ({
  cert: Buffer.from(issued.cert),
  key: Buffer.from(issued.key),
  ...(clientCa && { ca: Buffer.from(metaCa.cert) }),
});

beforeAll(async () => {
  harness = await createHarness();
  const door = harness.deps.webhook(CHANNEL)!;
  const connections = new Connections();
  const app = createApp({ ...harness.deps, connections, webhook: () => ({ ...door, clientName: META }) });
  const tls = material(hospital.issue("botenstoff.hospital.test"));
  server = await startServer(app, { host: "127.0.0.1", port: 0, tls, connections });
});
afterAll(async () => {
  await server.close();
  await harness.close();
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly serial: string;
}

function call(path: string, client?: Issued, post?: { body: Buffer; headers: object }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    const options: RequestOptions = {
      host: "localhost",
      port,
      path,
      method: post ? "POST" : "GET",
      ca: hospital.cert,
      agent: false,
      headers: { ...post?.headers },
      ...(client && { cert: client.cert, key: client.key }),
    };
    const sent = request(options, (response) => {
      const serial = (
        response.socket as unknown as { getPeerCertificate(): { serialNumber: string } }
      ).getPeerCertificate();
      response.setEncoding("utf8");
      let body = "";
      response.on("data", (piece: string) => (body += piece));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, serial: serial.serialNumber }));
    });
    sent.on("error", reject);
    sent.end(post?.body);
  });
}

const webhook = (client?: Issued) =>
  call(`/webhooks/${CHANNEL}`, client, sign({ id: `wamid.${Math.random()}` }, APP_SECRET));

describe("the engine's own TLS, for a channel that asks for Meta's client certificate", () => {
  test("takes a signed webhook that comes with it", async () => {
    expect(await webhook(metaCa.issue(META))).toMatchObject({ status: 200 });
  });

  test.each([
    ["without a certificate", undefined],
    ["with one of another name", metaCa.issue("client.example.test")],
    ["with one that has expired", metaCa.issue(META, expired)],
    ["with the server's own authority's", hospital.issue(META)],
  ])("refuses a signed webhook %s, and a handshake too", async (_what, client) => {
    expect(await webhook(client)).toMatchObject({ status: 403, body: expect.stringContaining("problem:certificate") });
    const query = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.verify_token": VERIFY_TOKEN,
      "hub.challenge": "1",
    });
    expect(await call(`/webhooks/${CHANNEL}?${query.toString()}`, client)).toMatchObject({ status: 403 });
    expect(await harness.deps.metrics.render()).toMatch(/botenstoff_certificate_failures_total\{[^}]*\} [1-9]/);
  });

  test("lets nobody in whose authority is only called the same", async () => {
    // OpenSSL breaks the connection off itself where the issuer's name fits and the signature does not.
    const verdict = await webhook(stranger.issue(META)).then(
      ({ status }) => status,
      () => "closed",
    );
    expect([403, "closed"]).toContain(verdict);
    expect(await webhook(metaCa.issue(META))).toMatchObject({ status: 200 });
  });

  test("asks nobody else for one", async () => {
    expect(await call("/healthz")).toMatchObject({ status: 200 });
  });

  test("takes a renewed certificate of its own without a restart", async () => {
    const { serial } = await call("/healthz");
    server.renew(material(hospital.issue("botenstoff.hospital.test")));
    expect((await call("/healthz")).serial).not.toBe(serial);
    expect(() => server.renew({ cert: Buffer.from("no certificate"), key: Buffer.from("no key") })).toThrow();
    expect(await call("/healthz")).toMatchObject({ status: 200 });
  });
});

describe("a reverse proxy that verified Meta's certificate", () => {
  const told = (name: string, trusted: string[]) => {
    const door = harness.deps.webhook(CHANNEL)!;
    const { body, headers } = sign({ id: `wamid.${Math.random()}` }, APP_SECRET);
    return harness
      .client({
        webhook: () => ({ ...door, clientName: META }),
        clients: createClients({ proxies: trusted, certificateHeader: "x-client-certificate" }),
      })
      .raw.post(`/webhooks/${CHANNEL}`)
      .set({ ...headers, "x-client-certificate": name })
      .send(body.toString());
  };

  test("is believed when its address is configured", async () => {
    await told(`CN=${META},O=Meta Platforms\\, Inc.`, ["127.0.0.0/8", "::1"]).expect(200);
    await told("CN=someone.else", ["127.0.0.0/8", "::1"]).expect(403);
    await told("", ["127.0.0.0/8", "::1"]).expect(403);
  });

  test("is a stranger with a header when it is not", async () => {
    await told(`CN=${META}`, []).expect(403);
    await told(`CN=${META}`, ["10.0.0.5"]).expect(403);
  });
});

describe("slow senders", () => {
  test("are answered 408 and closed, while others are served", async () => {
    const connections = new Connections();
    const app = createApp({ ...harness.deps, connections });
    const own = { host: "127.0.0.1", port: 0, connections, headersTimeoutMs: 700, requestTimeoutMs: 1_500 };
    const slowly = await startServer(app, own);
    const port = Number(new URL(slowly.url).port);
    const endings = await Promise.all([
      // Headers that never end, and a body of which a byte comes now and then.
      drip(port, "POST /webhooks/whatsapp-to-kis HTTP/1.1\r\nHost: engine\r\n", "X-A: b\r\n"),
      drip(port, "POST /webhooks/whatsapp-to-kis HTTP/1.1\r\nHost: engine\r\nContent-Length: 1000000\r\n\r\n", "x"),
      (async () => {
        const { body, headers } = sign({ id: "wamid.between" }, APP_SECRET);
        const response = await fetch(`${slowly.url}/webhooks/${CHANNEL}`, {
          method: "POST",
          body: new Uint8Array(body),
          headers,
        });
        return String(response.status);
      })(),
    ]);
    expect(endings).toEqual([expect.stringContaining("408"), expect.stringContaining("408"), "200"]);
    await slowly.close();
    while (connections.open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});

/** Sends `first`, then `again` every 100 ms until the server closes; resolves with what it said. */
async function drip(port: number, first: string, again: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let said = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (said += piece));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(first);
  const timer = setInterval(() => socket.write(again), 100);
  await once(socket, "close");
  clearInterval(timer);
  return said;
}

describe("listeners apart", () => {
  const opened: Listeners[] = [];
  afterAll(() => Promise.all(opened.map((one) => one.close())));
  const open = async (apart: readonly string[]) => {
    const env = Object.fromEntries(apart.map((part) => [`BOTENSTOFF_${part.toUpperCase()}_PORT`, "0"]));
    const listeners = await openListeners(
      readSettings({ BOTENSTOFF_HTTP_PORT: "0", ...env }),
      undefined,
      (parts, connections) => createApp({ ...harness.deps, connections }, parts),
    );
    opened.push(listeners);
    return listeners;
  };
  const paths = [
    ...ROUTES.map(({ method, path, ...rest }: Route) => ({ method, path, parts: rest.parts ?? ["api"] })),
    { method: "get", path: "/api/openapi.json", parts: ["api"] },
    { method: "post", path: `/webhooks/${CHANNEL}`, parts: ["webhooks"] },
    { method: "get", path: `/webhooks/${CHANNEL}`, parts: ["webhooks"] },
  ];
  const MISSING = JSON.stringify({
    ...{ type: "urn:botenstoff:problem:not-found", title: "Not found", status: 404 },
    detail: "There is no such address.",
  });
  /** Whether the address is there; without a credential, so that nothing happens. */
  const isThere = async (url: string, { method, path }: (typeof paths)[number]) => {
    const response = await fetch(`${url}${path}`, { method: method.toUpperCase(), redirect: "manual" });
    return (await response.text()) !== MISSING;
  };

  test.each([{ apart: [] }, { apart: ["webhooks"] }, { apart: ["metrics"] }, { apart: ["webhooks", "metrics"] }])(
    "serve each route where it belongs, and nowhere else: $apart",
    async ({ apart }) => {
      const { urls } = await open(apart);
      for (const one of paths) {
        for (const [part, url] of Object.entries(urls)) {
          const here = Object.entries(urls).filter(([, other]) => other === url);
          const expected = here.some(([name]) => (one.parts as readonly string[]).includes(name));
          expect([part, one.path, await isThere(url, one)]).toEqual([part, one.path, expected]);
        }
      }
      expect(new Set(Object.values(urls)).size).toBe(apart.length + 1);
    },
  );

  test("take a signed event at the webhooks' own, and not at the API's", async () => {
    const { urls } = await open(["webhooks"]);
    const post = async (url: string) => {
      const { body, headers } = sign({ id: `wamid.${Math.random()}` }, APP_SECRET);
      const sent = { method: "POST", body: new Uint8Array(body), headers };
      return (await fetch(`${url}/webhooks/${CHANNEL}`, sent)).status;
    };
    expect(await post(urls.webhooks)).toBe(200);
    expect(await post(urls.api)).toBe(404);
  });

  test("are all closed again where one cannot be opened", async () => {
    const free = await freePort("127.0.0.1");
    const taken = createHttpServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const env = { BOTENSTOFF_HTTP_PORT: String(free), BOTENSTOFF_METRICS_PORT: String(port) };
    const opening = openListeners(readSettings(env), undefined, () => () => undefined);
    await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(fetch(`http://127.0.0.1:${free}`)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    taken.close();
  });
});

test("a port in use is told at start", async () => {
  const taken = createHttpServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const start = startServer(() => undefined, { host: "127.0.0.1", port, connections: new Connections() });
  await expect(start).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `listening on 127.0.0.1:${port}: EADDRINUSE`,
  });
  taken.close();
});

test("closes although a caller keeps its connection busy, and answers what was under way", async () => {
  const answers: (() => void)[] = [];
  const busy = await startServer((_request, response) => void answers.push(() => response.end("answered")), {
    host: "127.0.0.1",
    port: 0,
    connections: new Connections(),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const asking = httpRequest(busy.url, { agent }, (response) => {
        response.resume().on("end", () => resolve(response.headers.connection ?? ""));
      });
      asking.on("error", reject).end();
    });
  const answerNext = async () => {
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    answers.shift()?.();
  };
  const first = ask();
  await answerNext();
  expect(await first).toBe("keep-alive");
  const second = ask();
  while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = busy.close();
  await answerNext();
  // Its headers were not sent yet, but made before the closing began.
  await second;
  await closed;
  await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^ECONN/) });
  agent.destroy();
});

test("closes although callers send nothing, or never the rest", async () => {
  const app = createApp(harness.deps);
  const own = { host: "127.0.0.1", port: 0, connections: new Connections(), closingTimeoutMs: 300 };
  const stopping = await startServer(app, own);
  const port = Number(new URL(stopping.url).port);
  const halfSent = `POST /webhooks/${CHANNEL} HTTP/1.1\r\nHost: engine\r\nContent-Length: 1000\r\n\r\nx`;
  const callers = ["", "GET /healthz HTTP/1.1\r\nHo", halfSent].map((said) => drip(port, said, ""));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await stopping.close();
  for (const answer of await Promise.all(callers)) expect(answer).not.toContain("200");
});

test("does not log a sender who breaks off as an error of the engine", async () => {
  const own = { host: "127.0.0.1", port: 0, connections: new Connections() };
  const broken = await startServer(createApp(harness.deps), own);
  const before = harness.logged.length;
  const socket = connect(Number(new URL(broken.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(`POST /webhooks/${CHANNEL} HTTP/1.1\r\nHost: engine\r\nContent-Length: 1000\r\n\r\nx`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await broken.close();
  expect(harness.logged.slice(before)).toEqual([]);
});
