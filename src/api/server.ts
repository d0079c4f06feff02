import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Connections } from "./connections.ts";

/** What the server proves itself with, and whose client certificates it looks at. PEM. */
export interface ServerIdentity {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Who signs client certificates; absent: no client is asked for one. */
  readonly ca?: Buffer;
}

interface ServerSettings {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: ServerIdentity;
  readonly connections: Connections;
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly closingTimeoutMs?: number;
}

export interface RunningServer {
  readonly url: string;
  /** Takes a renewed certificate for new connections. @throws what OpenSSL says of an unusable one */
  renew(tls: ServerIdentity): void;
  /** Accepts nothing more; resolves when the last request is answered, or after 10 s breaks off what is not. */
  close(): Promise<void>;
}

/** Longer than the 60 s proxies keep idle connections, so that it is they who close first. */
const IDLE_MS = 65_000;
const HANDSHAKE_MS = 10_000;
/** As long as an event may wait for its commit. Node looks after slow senders no more once a server closes. */
const CLOSING_MS = 10_000;

/**
 * Serves the app over HTTP or HTTPS. Meta sends 3 MB in well under the time-outs; a slow sender is answered 408 and
 * closed, and never keeps others waiting.
 * @throws BotenstoffError CONFIG_INVALID when it cannot listen there
 */
export async function startServer(app: RequestListener, settings: ServerSettings): Promise<RunningServer> {
  const options: ServerOptions = {
    headersTimeout: settings.headersTimeoutMs ?? 10_000,
    requestTimeout: settings.requestTimeoutMs ?? 30_000,
    // How often Node looks for requests that overran the two above.
    connectionsCheckingInterval: 500,
    keepAliveTimeout: IDLE_MS,
    // Requests whose framing two parsers could read differently are refused.
    insecureHTTPParser: false,
    requireHostHeader: true,
  };
  let closing = false;
  const serve: RequestListener = (request, response) => {
    // A caller that keeps its connection busy would keep a closing server open.
    if (closing) response.setHeader("Connection", "close");
    response.once("close", () => closing && setImmediate(() => server.closeIdleConnections()));
    app(request, response);
  };
  const https =
    settings.tls && createHttpsServer({ ...options, ...secure(settings.tls), handshakeTimeout: HANDSHAKE_MS }, serve);
  const server: Server | HttpsServer = https ?? createHttpServer(options, serve);
  server.on("connection", (socket: Socket) => settings.connections.add(socket));
  await listen(server, settings);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `${https ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port}`,
    renew: (tls) => https?.setSecureContext(secure(tls)),
    close: () =>
      new Promise((resolve) => {
        closing = true;
        const late = setTimeout(() => server.closeAllConnections(), settings.closingTimeoutMs ?? CLOSING_MS);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** Asked for, not demanded: the API and health checks come without one; a channel that wants one says so. */
function secure({ cert, key, ca }: ServerIdentity) {
  return { cert, key, ...(ca && { ca, requestCert: true, rejectUnauthorized: false }) };
}

function listen(server: Server | HttpsServer, { host, port }: ServerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown) =>
      reject(new BotenstoffError("CONFIG_INVALID", `listening on ${host}:${port}: ${kindOfError(cause)}`, { cause }));
    server.once("error", refuse);
    server.listen(port, host, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}
