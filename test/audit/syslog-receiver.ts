import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { Issued } from "../support/certificates.ts";

/** A syslog receiver over TLS that believes lengths only (RFC 5425 §4.3), and misbehaves when told to. */
export async function startReceiver({ cert, key }: Issued, port = 0) {
  const messages: string[] = [];
  const open = new Set<TLSSocket>();
  /** The sockets below TLS: these alone can be reset. */
  const raw = new Map<number | undefined, Socket>();
  /** What it does with the next connections: reads all, breaks off after so many messages, or says nothing. */
  let behaviour: "read" | "reset" | "silent" = "read";
  const server = createServer({ cert, key }, (socket) => {
    open.add(socket);
    let rest = Buffer.alloc(0);
    const mine = behaviour;
    socket.on("error", () => undefined);
    socket.on("close", () => open.delete(socket));
    if (mine === "silent") return;
    socket.on("data", (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const blank = rest.indexOf(0x20);
        const length = Number(rest.subarray(0, Math.max(0, blank)).toString("latin1"));
        if (blank < 1 || rest.length < blank + 1 + length) return;
        messages.push(rest.subarray(blank + 1, blank + 1 + length).toString("utf8"));
        rest = rest.subarray(blank + 1 + length);
        if (mine === "reset" && messages.length % 3 === 2) {
          raw.get(socket.remotePort)?.resetAndDestroy();
          return;
        }
      }
    });
  });
  server.on("connection", (socket: Socket) => void raw.set(socket.remotePort, socket));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    behave: (as: typeof behaviour) => void (behaviour = as),
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
