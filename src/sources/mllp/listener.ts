import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { CertificateExpiry } from "#src/wire/tls/certificate-expiry.ts";
import { certificateRefusal } from "#src/wire/tls/certificate-refusal.ts";
import { renewCertificates, TlsFiles } from "#src/wire/tls/tls-files.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Listener, SourceContext } from "../source.ts";
import type { MllpSourceConfig } from "./config.ts";
import type { SessionDeps } from "./intake.ts";
import { connectionRefusal } from "./senders.ts";
import { Session } from "./session.ts";

/** Opens the port; every connection becomes a session. @throws BotenstoffError CONFIG_INVALID */
export async function listen(deps: SessionDeps): Promise<Listener> {
  const { settings, context } = deps;
  const sessions = new Set<Session>();
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    const refused = connectionRefusal(socket, settings.senders);
    if (refused) {
      context.count("sender_refused");
      context.log("warn", "mllp.sender_refused", { reason: refused });
      socket.on("error", () => undefined);
      socket.destroy();
      return;
    }
    const session = new Session(socket, deps);
    sessions.add(session);
    socket.on("close", () => sessions.delete(session));
  };
  const tls = settings.tls && serveTls(settings.tls, context, serve);
  const server = tls?.server ?? createTcpServer(serve);
  server.maxConnections = settings.max_connections;
  server.on("drop", () => {
    context.count("connection_refused");
    context.log("warn", "mllp.sender_refused", { reason: "connections" });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  try {
    await bind(server, settings);
  } catch (error) {
    tls?.close();
    throw error;
  }
  server.on("error", () => context.log("warn", "mllp.listener_failed"));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const done = closed(server);
      await Promise.all(Array.from(sessions, (session) => session.end()));
      // Connections still shaking hands, and senders that do not hang up, would keep the server open.
      for (const socket of sockets) socket.destroySoon();
      await done;
      tls?.close();
    },
  };
}

/** Whether the port could be opened, without serving anybody. @throws BotenstoffError CONFIG_INVALID */
export async function tryPort(settings: MllpSourceConfig): Promise<void> {
  if (settings.tls) readFiles(settings.tls, () => undefined);
  const server = createTcpServer();
  await bind(server, settings);
  await closed(server);
}

function readFiles(tls: NonNullable<MllpSourceConfig["tls"]>, changed: ConstructorParameters<typeof TlsFiles>[1]) {
  return new TlsFiles(tls, changed);
}

function serveTls(
  settings: NonNullable<MllpSourceConfig["tls"]>,
  context: SourceContext,
  serve: (socket: Socket) => void,
): { server: Server; close(): void } {
  const files = readFiles(settings, (event, reason) => {
    context.log(reason === undefined ? "info" : "warn", event, reason === undefined ? {} : { reason });
    expiry.warn();
  });
  const log = context.log.bind(context);
  const gauge = context.gauge.bind(context);
  const expiry = new CertificateExpiry({ log, gauge, now: Date.now }, () => files.current().certificates);
  const used = files.current();
  const asksClients = settings.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  const server = createTlsServer({ ...used.options, ...asksClients }, (socket) => {
    const peer = socket.getPeerX509Certificate();
    if (peer) expiry.peerSeen(peer.validToDate);
    serve(socket);
  });
  renewCertificates(server, files, used);
  server.on("tlsClientError", (error, socket) => {
    context.count("client_refused");
    context.log("warn", "mllp.client_refused", { reason: refusalOf(error, socket) });
  });
  return { server, close: () => expiry.close() };
}

/** What Node found about the client's certificate, or why the handshake failed otherwise. */
function refusalOf(error: Error, socket: TLSSocket): string {
  // An error by its type, a code or null in truth.
  const found: unknown = socket.authorizationError;
  const code = typeof found === "string" ? found : kindOfError(error);
  return certificateRefusal(code) ?? code;
}

async function bind(server: Server, { port, host }: MllpSourceConfig): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", `listening on port ${port}: ${kindOfError(cause)}`, { cause });
  }
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
