import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { whatsappSource } from "#src/sources/whatsapp/source.ts";
import { proxyOfEnvironment } from "#src/wire/http/proxy.ts";
import { createAuthority } from "../../support/certificates.ts";
import { startProxy } from "../../support/connect-proxy.ts";

const NEVER = new AbortController().signal;
const open: (() => unknown)[] = [];
let proxy: Awaited<ReturnType<typeof startProxy>>;
beforeEach(async () => (proxy = await startProxy()));
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await proxy.close();
});

/** A Graph API that knows the business number. */
async function graph(tls: boolean, status = 200, headers = {}): Promise<string> {
  const server = tls ? createTlsServer(createAuthority("nobody").issue("graph")) : createServer();
  server.on("request", (_request, response) => response.writeHead(status, headers).end('{"id":"1"}'));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function source(graphUrl: string, choice?: string, provider = "meta") {
  const config = whatsappSource.config.parse({
    type: "whatsapp",
    provider,
    phone_number_id: "1",
    app_secret: "s",
    verify_token: "v",
    access_token: "t",
    graph_url: graphUrl,
    ...(choice !== undefined && { proxy: choice }),
  });
  const env = proxyOfEnvironment({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
  const opened = whatsappSource.open(config, {
    channel: "c",
    log: () => undefined,
    count: () => undefined,
    gauge: () => undefined,
    ...(env && { proxy: env }),
  });
  open.push(() => opened.close());
  return opened;
}

describe("what leaves the hospital for WhatsApp", () => {
  it.each(["meta", "360dialog"])("goes through the proxy of the environment: %s", async (provider) => {
    const url = await graph(false);
    await source(url, undefined, provider).check(NEVER);
    expect(proxy.forwarded).toEqual([expect.stringContaining(`${url}/`)]);
  });

  it("goes through a tunnel where it is https, and the Graph API's certificate is still judged", async () => {
    const url = await graph(true);
    await expect(source(url).check(NEVER)).rejects.toMatchObject({
      code: "PROVIDER_CHECK_FAILED",
      message: expect.stringContaining("certificate"),
    });
    expect(proxy.tunnels).toEqual([new URL(url).host]);
  });

  it("goes directly where the channel says so", async () => {
    await source(await graph(false), "off").check(NEVER);
    expect(proxy.forwarded).toEqual([]);
  });

  it("goes through the channel's own proxy before the environment's", async () => {
    const own = await startProxy();
    open.push(() => own.close());
    await source(await graph(false), own.url).check(NEVER);
    expect([own.forwarded.length, proxy.forwarded.length]).toEqual([1, 0]);
  });

  it("waits as long as the media host asks", async () => {
    const url = await graph(false, 503, { "retry-after": "7" });
    const fetching = source(url, "off").fetch?.({ mediaId: "4711" }, NEVER);
    await expect(fetching).rejects.toMatchObject({ code: "MEDIA_UNAVAILABLE", retryAfterMs: 7_000 });
  });
});
