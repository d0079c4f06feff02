import { once } from "node:events";
import { createServer, request as forward } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** A real HTTP proxy: it tunnels CONNECT and forwards what is in absolute form. */
export async function startProxy(credentials?: string) {
  const tunnels: string[] = [];
  const forwarded: string[] = [];
  const refused: string[] = [];
  const sockets = new Set<Socket>();
  const allowed = (said: string | undefined) =>
    credentials === undefined || said === `Basic ${Buffer.from(credentials).toString("base64")}`;
  const server = createServer((request, response) => {
    if (!allowed(request.headers["proxy-authorization"])) {
      response.writeHead(407).end();
      return;
    }
    forwarded.push(request.url ?? "");
    const { method, headers } = request;
    const onward = forward(request.url ?? "", { method: method ?? "GET", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.writeHead(502).end());
    request.pipe(onward);
  });
  server.on("connect", (request, socket: Socket, head: Buffer) => {
    if (!allowed(request.headers["proxy-authorization"])) {
      refused.push(request.url ?? "");
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    tunnels.push(request.url ?? "");
    const [host = "", port = "443"] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on("error", () => undefined).on("close", () => sockets.delete(one));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    /** "host:port" of every tunnel that was opened. */
    tunnels,
    /** Every address that was asked for without a tunnel. */
    forwarded,
    refused,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
