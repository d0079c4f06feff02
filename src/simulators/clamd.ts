import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** How the next scan goes wrong. `hang-up` closes without an answer, `stall` never answers. */
export type ClamdBehaviour = "error" | "hang-up" | "stall" | "garbage";

/** A clamd on a real socket: INSTREAM and PING, with one signature. */
export interface Clamd {
  /** What goes into BOTENSTOFF_CLAMD. */
  readonly url: string;
  /** Bytes of every scan that came to its end, oldest first. */
  readonly scanned: readonly number[];
  /** Replaces the queue of misbehaviours; each is used up by the next scan. */
  behave(queue: readonly ClamdBehaviour[]): void;
  close(): Promise<void>;
}

interface Options {
  /** A path for a UNIX socket; absent: a TCP port on the loopback. */
  readonly path?: string;
  readonly port?: number;
  /** clamd.conf StreamMaxLength; the real default is 100 MB. */
  readonly streamMaxLength?: number;
}

/** The test file every scanner knows (eicar.org), put together here so that no scanner finds it in this source. */
export const EICAR = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE", "!$H+H*"].join("");
const SIGNATURE = "Win.Test.EICAR_HDB-1";
const DEFAULT_MAX = 100 * 1024 * 1024;

/** Opens the simulator. @throws the listen error */
export async function startClamd(options: Options = {}): Promise<Clamd> {
  const scanned: number[] = [];
  let queue: ClamdBehaviour[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
    serve(socket, options.streamMaxLength ?? DEFAULT_MAX, () => queue.shift(), scanned).catch(() => socket.destroy());
  });
  await listen(server, options);
  const { path } = options;
  return {
    url: path === undefined ? `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` : `unix:${path}`,
    scanned,
    behave: (next) => {
      queue = [...next];
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  socket: Socket,
  maxBytes: number,
  next: () => ClamdBehaviour | undefined,
  scanned: number[],
): Promise<void> {
  let open = Buffer.alloc(0);
  let command: string | undefined;
  let bytes = 0;
  let tail = "";
  let found = false;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    open = Buffer.concat([open, chunk]);
    if (command === undefined) {
      const end = open.indexOf(0);
      if (end < 0) continue;
      command = open.toString("latin1", 0, end);
      open = open.subarray(end + 1);
      if (command === "zPING") return void socket.end("PONG\0");
      if (command !== "zINSTREAM") return void socket.end("UNKNOWN COMMAND\0");
    }
    while (open.length >= 4 && open.length >= 4 + open.readUInt32BE()) {
      const length = open.readUInt32BE();
      if (length === 0) {
        conclude(socket, next(), found, () => scanned.push(bytes));
        // Leaving the loop would close the connection: whoever stalls does not.
        await once(socket, "close");
        return;
      }
      bytes += length;
      // As clamd does it: the answer comes in the middle, and the rest is not read.
      if (bytes > maxBytes) return void socket.end("INSTREAM size limit exceeded. ERROR\0");
      const text = tail + open.toString("latin1", 4, 4 + length);
      found ||= text.includes(EICAR);
      tail = text.slice(-EICAR.length);
      open = open.subarray(4 + length);
    }
  }
}

function conclude(socket: Socket, behaviour: ClamdBehaviour | undefined, found: boolean, scanned: () => void): void {
  if (behaviour === "hang-up") socket.destroy();
  else if (behaviour === "stall") return;
  else if (behaviour === "garbage") socket.end("stream: OK, more or less\0");
  else if (behaviour === "error") socket.end("stream: Can't allocate memory ERROR\0");
  else {
    scanned();
    socket.end(found ? `stream: ${SIGNATURE} FOUND\0` : "stream: OK\0");
  }
}

function listen(server: Server, { path, port = 0 }: Options): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    if (path === undefined) server.listen(port, "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
}
