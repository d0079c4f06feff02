import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import pg from "pg";
import { answerCalls } from "../child.ts";

/** The least a durable hand-over can be on this machine: HTTP in, one row committed, and one MLLP frame out if asked. */
export interface BaselinePlan {
  readonly databaseUrl: string;
  /** An MLLP sink; absent: the answer comes after the commit. */
  readonly sinkPort?: number;
}

const CONNECTIONS = 12;

async function listen({ databaseUrl, sinkPort }: BaselinePlan): Promise<number> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  await pool.query(
    "CREATE TABLE IF NOT EXISTS baseline (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, raw bytea)",
  );
  const sockets =
    sinkPort === undefined ? [] : await Promise.all(Array.from({ length: CONNECTIONS }, () => dial(sinkPort)));
  let turn = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const insert = { name: "insert", text: "INSERT INTO baseline (raw) VALUES ($1)", values: [body] };
      void pool.query(insert).then(() => {
        response.end();
        const socket = sockets[(turn += 1) % CONNECTIONS];
        if (socket) forward(socket, body, turn);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  socket.setNoDelay(true).resume();
  return socket;
}

/** Pieces may run together in one chunk, which the sink does not take: one frame at a time per socket. */
const busy = new WeakMap<Socket, Promise<unknown>>();

function forward(socket: Socket, body: Buffer, id: number): void {
  const before = busy.get(socket) ?? Promise.resolve();
  const next = before.then(async () => {
    const answered = once(socket, "data");
    socket.write(
      Buffer.concat([
        Buffer.from(`\x0bMSH|^~\\&|BASE||||20260101000000||MDM^T02|B${id}|P|2.5.1\rOBX|1|TX|||`),
        body,
        Buffer.from("\r\x1c\r"),
      ]),
    );
    await answered;
  });
  busy.set(socket, next);
}

answerCalls({ listen });
