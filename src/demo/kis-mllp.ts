import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import { answer, files, type MllpBehaviour } from "./kis-mllp-answer.ts";

export type { MllpBehaviour } from "./kis-mllp-answer.ts";

/** One message as it arrived, repeats included. */
export interface ReceivedMessage {
  readonly controlId: string;
  readonly trigger: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The n-th connection of the receiver. */
  readonly connection: number;
}

/** A document as the KIS keeps it, by its unique document number (TXA-12). */
export interface KisDocument {
  readonly documentNumber: string;
  readonly controlId: string;
  /** First identifier of PID-3. */
  readonly patient: string;
  /** Lines of OBX TX. */
  readonly text: readonly string[];
  /** SHA-256 (hex) of the bytes of each OBX ED. */
  readonly attachments: readonly string[];
  /** How often it was accepted; the KIS shows it once. */
  received: number;
  /** Whether a repeat had other bytes than the first. */
  changed: boolean;
  readonly sha256: string;
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
  const documents = new Map<string, KisDocument>();
  const sockets = new Set<Socket>();
  let queue: MllpBehaviour[] = [];
  let previous = "NONE";
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
    if (files(behaviour)) file(documents, message, controlId, sha256);
    const question = { controlId, previous, applicationAckPort };
    previous = controlId;
    await answer(socket, behaviour, question);
  }

  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    received,
    documents,
    behave: (next) => (queue = [...next]),
    close: async () => {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

function file(documents: Map<string, KisDocument>, message: ParsedMessage, controlId: string, sha256: string): void {
  const documentNumber = message.value("TXA", 12);
  const known = documents.get(documentNumber);
  if (known) {
    known.received += 1;
    known.changed ||= known.sha256 !== sha256;
    return;
  }
  const lines = message.segments.filter((name) => name === "OBX").map((_, nth) => nth);
  const ofType = (type: string) => lines.filter((nth) => message.value("OBX", 2, 1, nth) === type);
  documents.set(documentNumber, {
    documentNumber,
    controlId,
    patient: message.value("PID", 3),
    text: ofType("TX").flatMap((nth) => message.repetitions("OBX", 5, nth).map((line) => line[0]?.[0] ?? "")),
    attachments: ofType("ED").map((nth) => {
      const data = message.value("OBX", 5, 5, nth);
      return createHash("sha256").update(Buffer.from(data, "base64")).digest("hex");
    }),
    received: 1,
    changed: false,
    sha256,
  });
}
