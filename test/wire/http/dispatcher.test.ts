import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret } from "#src/message/secret.ts";
import { FhirClient } from "#src/wire/fhir/client.ts";
import { chosenProxy, proxyMember, proxyOfEnvironment, type Proxy } from "#src/wire/http/proxy.ts";
import { openTls, type OpenTls } from "#src/wire/tls/client-tls.ts";
import { startProxy } from "../../support/connect-proxy.ts";
import { TestCa, type Pair } from "../../support/test-ca.ts";

const NEVER = new AbortController().signal;
const ca = new TestCa();
const stranger = new TestCa();
const directory = mkdtempSync(join(tmpdir(), "botenstoff-http-tls-"));
const open: (() => unknown)[] = [];

afterAll(() => {
  ca[Symbol.dispose]();
  stranger[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const events: string[] = [];
function tlsOf(settings: Parameters<typeof openTls>[0]): OpenTls {
  const tls = openTls(settings, { log: (_level, event) => void events.push(event), gauge: () => undefined });
  open.push(() => tls.close());
  return tls;
}

function clientOf(baseUrl: string, more: { tls?: OpenTls; proxy?: Proxy | undefined } = {}): FhirClient {
  const { tls, proxy } = more;
  const common = { baseUrl, timeoutMs: 5_000, connections: 2 };
  const client = new FhirClient({ ...common, ...(tls && { tls: tls.client }), ...(proxy && { proxy }) });
  open.push(() => client.close());
  return client;
}

/** A server that says who its client is. */
async function serve(pair: Pair | undefined, more: ServerOptions = {}): Promise<string> {
  const answer = '{"resourceType":"Patient"}';
  const shown: (string | undefined)[] = [];
  const server = pair
    ? createTlsServer({ cert: ca.read(pair.cert), key: ca.read(pair.key), ...more }, (request, response) => {
        const { socket } = request;
        shown.push(socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.serialNumber : undefined);
        response.setHeader("content-type", "application/fhir+json");
        response.end(JSON.stringify({ resourceType: "Patient", id: shown.at(-1) }));
      })
    : createServer((_request, response) => response.end(answer));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${pair ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("TLS of HTTP clients", () => {
  it("trusts the authority the channel names, and nobody else", async () => {
    const url = await serve(ca.issue());
    const client = clientOf(url, { tls: tlsOf({ ca: ca.cert }) });
    expect(await client.read("Patient/1", NEVER)).toMatchObject({ resourceType: "Patient" });
    for (const tls of [tlsOf({ ca: stranger.cert }), undefined]) {
      await expect(clientOf(url, { ...(tls && { tls }) }).read("Patient/1", NEVER)).rejects.toMatchObject({
        code: "DESTINATION_UNTRUSTED",
        message: expect.stringContaining(`the certificate of ${new URL(url).host} is untrusted`),
      });
    }
  });

  it("shows our certificate to a server that asks for one; without one the error says what is missing", async () => {
    const url = await serve(ca.issue(), { ca: ca.read(ca.cert), requestCert: true, rejectUnauthorized: true });
    const own = ca.issue();
    const client = clientOf(url, { tls: tlsOf({ ca: ca.cert, cert: own.cert, key: own.key }) });
    expect(await client.read("Patient/1", NEVER)).toMatchObject({ id: expect.any(String) });
    await expect(clientOf(url, { tls: tlsOf({ ca: ca.cert }) }).read("Patient/1", NEVER)).rejects.toMatchObject({
      code: "DESTINATION_UNTRUSTED",
      message: expect.stringContaining("asks for a client certificate"),
    });
  });

  it("reads renewed files without a restart", async () => {
    const url = await serve(ca.issue(), { ca: ca.read(ca.cert), requestCert: true, rejectUnauthorized: true });
    const live = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
    const use = (pair: Pair) => (["cert", "key"] as const).forEach((part) => copyFileSync(pair[part], live[part]));
    use(ca.issue());
    const client = clientOf(url, { tls: tlsOf({ ca: ca.cert, ...live }) });
    const before = await client.read("Patient/1", NEVER);
    expect(await client.read("Patient/1", NEVER)).toEqual(before);
    use(ca.issue());
    const after = await client.read("Patient/1", NEVER);
    expect(after?.["id"]).not.toBe(before?.["id"]);
    expect(events).toContain("tls.reloaded");
  });

  it("names the file that cannot be used", () => {
    const absent = join(directory, "absent.pem");
    expect(() => tlsOf({ ca: absent })).toThrow(expect.objectContaining({ message: expect.stringContaining(absent) }));
  });

  it("says whom it asked where a server does not speak TLS", async () => {
    const url = (await serve(undefined)).replace("http:", "https:");
    await expect(clientOf(url).read("Patient/1", NEVER)).rejects.toMatchObject({
      code: "DESTINATION_UNREACHABLE",
      message: expect.stringContaining(new URL(url).host),
    });
  });
});

describe("a proxy", () => {
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeEach(async () => {
    proxy = await startProxy();
    open.push(() => proxy.close());
  });
  const said = (env: Record<string, string>) => proxyOfEnvironment(env);

  it("tunnels what is https, and the certificate that counts is the server's", async () => {
    const url = await serve(ca.issue());
    const env = said({ HTTPS_PROXY: proxy.url });
    const client = clientOf(url, { tls: tlsOf({ ca: ca.cert }), proxy: env });
    expect(await client.read("Patient/1", NEVER)).toMatchObject({ resourceType: "Patient" });
    expect(proxy.tunnels).toEqual([new URL(url).host]);
    await expect(
      clientOf(url, { tls: tlsOf({ ca: stranger.cert }), proxy: env }).read("x", NEVER),
    ).rejects.toMatchObject({
      code: "DESTINATION_UNTRUSTED",
    });
  });

  it("is shown our certificate's server through the tunnel, where that asks for one", async () => {
    const url = await serve(ca.issue(), { ca: ca.read(ca.cert), requestCert: true, rejectUnauthorized: true });
    const own = ca.issue();
    const tls = tlsOf({ ca: ca.cert, cert: own.cert, key: own.key });
    expect(
      await clientOf(url, { tls, proxy: said({ https_proxy: proxy.url }) }).read("Patient/1", NEVER),
    ).toBeDefined();
  });

  it("forwards what is http", async () => {
    const url = await serve(undefined);
    await clientOf(url, { proxy: said({ HTTP_PROXY: `127.0.0.1:${proxy.port}` }) }).read("Patient/1", NEVER);
    expect(proxy.forwarded).toEqual([`${url}/Patient/1`]);
  });

  it.each(["127.0.0.1", "*", "other.example, 127.0.0.1"])(
    "is not taken for what NO_PROXY names: %s",
    async (direct) => {
      const url = await serve(ca.issue());
      const env = said({ HTTPS_PROXY: proxy.url, NO_PROXY: direct });
      await clientOf(url, { tls: tlsOf({ ca: ca.cert }), proxy: env }).read("Patient/1", NEVER);
      expect(proxy.tunnels).toEqual([]);
    },
  );

  it("that asks for a password gets the one in its address; without it nothing is sent", async () => {
    const guarded = await startProxy("bote:ge heim");
    open.push(() => guarded.close());
    const url = await serve(ca.issue());
    const address = guarded.url.replace("//", "//bote:ge%20heim@");
    const client = clientOf(url, { tls: tlsOf({ ca: ca.cert }), proxy: said({ HTTPS_PROXY: address }) });
    await client.read("Patient/1", NEVER);
    const bare = clientOf(url, { tls: tlsOf({ ca: ca.cert }), proxy: said({ HTTPS_PROXY: guarded.url }) });
    await expect(bare.read("Patient/1", NEVER)).rejects.toMatchObject({
      code: "DESTINATION_UNREACHABLE",
      message: expect.stringContaining("the proxy answered 407"),
    });
  });

  it("that is away leaves nothing in doubt", async () => {
    const url = await serve(ca.issue());
    const client = clientOf(url, { proxy: said({ HTTPS_PROXY: "http://127.0.0.1:1" }) });
    await expect(client.transaction(Buffer.from("{}"), NEVER)).rejects.toMatchObject({ class: "transient" });
  });

  it("is chosen by the channel: the environment's, none, or one of its own", () => {
    const environment = said({ HTTPS_PROXY: proxy.url });
    const choice = (value: unknown) => proxyMember("environment").parse(value);
    expect(chosenProxy(choice(undefined), environment)).toBe(environment);
    expect(chosenProxy(choice("off"), environment)).toBeUndefined();
    expect(chosenProxy(choice("http://own:3128"), environment)?.https?.reveal()).toBe("http://own:3128");
    expect(chosenProxy(proxyMember("off").parse(undefined), environment)).toBeUndefined();
  });

  it("whose address cannot be read is refused at the start, and not quoted", () => {
    expect(() => said({ HTTPS_PROXY: "http://user:geheim@" })).toThrow("reading HTTPS_PROXY: not the address");
    expect(String(new Secret("geheim"))).toBe("***");
  });
});
