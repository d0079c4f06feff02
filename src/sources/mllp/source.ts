import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Charset } from "#src/hl7/charset.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Listener, Source, SourceContext, SourceSpec } from "../source.ts";
import { mllpSourceConfig, type MllpSourceConfig } from "./config.ts";
import { draftOf, readFrame } from "./draft.ts";
import { Session, type SessionDeps } from "./session.ts";

/** HL7 v2 messages of the KIS, ADT first of all: durable before they are acknowledged. */
export const mllpSource: SourceSpec<MllpSourceConfig> = {
  type: "mllp",
  summary: "ADT messages over MLLP",
  config: mllpSourceConfig,
  open,
};

function open(settings: MllpSourceConfig, context: SourceContext): Source {
  const charset = settings.charset as Charset | undefined;
  return {
    split: (event) => ({ messages: [draftOf(event, readFrame(event.raw, charset), settings.order)], notices: [] }),
    listen: (accept) => listen({ settings, context, accept }),
    check: async () => {
      const server = await bind(settings, () => undefined);
      await closed(server);
    },
    close: () => Promise.resolve(),
  };
}

async function listen(deps: SessionDeps): Promise<Listener> {
  const sessions = new Set<Session>();
  const sockets = new Set<Socket>();
  const server = await bind(deps.settings, (socket) => {
    const session = new Session(socket, deps);
    sessions.add(session);
    socket.on("close", () => sessions.delete(session));
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("error", () => deps.context.log("warn", "mllp.listener_failed"));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const done = closed(server);
      await Promise.all(Array.from(sessions, (session) => session.end()));
      // Connections still shaking hands, and senders that do not hang up, would keep the server open.
      for (const socket of sockets) socket.destroySoon();
      await done;
    },
  };
}

async function bind(settings: MllpSourceConfig, connected: (socket: Socket) => void): Promise<Server> {
  const server = settings.tls ? createTlsServer(readTls(settings.tls), connected) : createTcpServer(connected);
  server.listen(settings.port, settings.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = Error.isError(cause) && "code" in cause ? String(cause.code) : "error";
    throw new BotenstoffError("CONFIG_INVALID", `listening on port ${settings.port}: ${code}`, { cause });
  }
  return server;
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

function readTls({ cert, key, ca }: NonNullable<MllpSourceConfig["tls"]>) {
  try {
    const client = ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true };
    return { cert: readFileSync(cert), key: readFileSync(key), ...client };
  } catch (cause) {
    throw new BotenstoffError("CONFIG_INVALID", "opening the mllp source: a TLS file cannot be read", { cause });
  }
}
