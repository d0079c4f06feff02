import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { KisDocuments, type KisDocument } from "./documents.ts";
import { answer, files, type MllpBehaviour } from "./mllp-answer.ts";

export type { MllpBehaviour } from "./mllp-answer.ts";

/** One message as it arrived, repeats included. */
export interface ReceivedMessage {
  readonly controlId: string;
  readonly trigger: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The n-th connection of the receiver. */
  readonly connection: number;
}

export interface KisMllp {
  readonly port: number;
  readonly received: readonly ReceivedMessage[];
  /** In order of first acceptance. */
  readonly documents: ReadonlyMap<string, KisDocument>;
  /** Replaces the queue of behaviours. */
  behave(queue: readonly MllpBehaviour[]): void;
  close(): Promise<void>;
}

const LIMIT = 256 * 1024 * 1024;
const KEPT = 10_000;

export interface KisMllpOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions;
  /** Closes every connection but the first, as receivers do that allow one. */
  readonly oneConnection?: boolean;
  /** Where application acknowledgements go that do not come on the same connection. */
  readonly applicationAckPort?: number;
}

/** A KIS that takes MDM messages over MLLP and files documents, as well or as badly as it is told. */
export async function startKisMllp(options: KisMllpOptions): Promise<KisMllp> {
  const { host, port, tls, applicationAckPort } = options;
  const received: ReceivedMessage[] = [];
  const documents = new KisDocuments();
  const sockets = new Set<Socket>();
  let queue: MllpBehaviour[] = [];
  let [previous, last] = ["NONE", "NONE"];
  let connections = 0;

  const server = tls ? createTlsServer(tls, serve) : createServer(serve);

  function serve(socket: Socket): void {
    socket.on("error", () => undefined);
    if (options.oneConnection && sockets.size > 0) {
      socket.destroy();
      return;
    }
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const decoder = new FrameDecoder(LIMIT);
    let work = Promise.resolve();
    socket.on("data", (chunk: Buffer) => {
      for (const frame of decoder.push(chunk))
        work = work.then(() => take(socket, frame, connection)).catch(() => void socket.destroy());
    });
  }

  async function take(socket: Socket, frame: Buffer, connection: number): Promise<void> {
    const message = parseHl7(frame);
    const sha256 = createHash("sha256").update(frame).digest("hex");
    const controlId = message.value("MSH", 10);
    received.push({ controlId, trigger: message.value("MSH", 9, 2), bytes: frame.length, sha256, connection });
    if (received.length > KEPT) received.shift();
    const behaviour = queue.shift() ?? "ack";
    if (files(behaviour)) documents.file(message, sha256);
    // A repeat has the same control id: the message before it is still another one.
    if (controlId !== last) [previous, last] = [last, controlId];
    await answer(socket, behaviour, { controlId, previous, applicationAckPort });
  }

  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    received,
    documents: documents.byNumber,
    behave: (next) => (queue = [...next]),
    close: async () => {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
