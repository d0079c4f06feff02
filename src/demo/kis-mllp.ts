import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";

/** How the receiver treats the next message; each is used up by one message. */
export type MllpBehaviour =
  | "ack"
  | "wrong-control-id"
  | "split"
  | "missing"
  | "hang-up-after-read"
  | "AE"
  | "AR"
  | "CE"
  | "busy-207"
  | "unknown-patient-204"
  | "garbage"
  | { readonly lateMs: number };

/** One message as it arrived, repeats included. */
export interface ReceivedMessage {
  readonly controlId: string;
  readonly trigger: string;
  readonly bytes: number;
  readonly sha256: string;
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

/** A KIS that takes MDM messages over MLLP and files documents, as well or as badly as it is told. */
export async function startKisMllp({ host, port }: { host: string; port: number }): Promise<KisMllp> {
  const received: ReceivedMessage[] = [];
  const documents = new Map<string, KisDocument>();
  const sockets = new Set<Socket>();
  let queue: MllpBehaviour[] = [];

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    const decoder = new FrameDecoder(LIMIT);
    let work = Promise.resolve();
    socket.on("data", (chunk: Buffer) => {
      for (const frame of decoder.push(chunk))
        work = work.then(() => take(socket, frame)).catch(() => void socket.destroy());
    });
  });

  async function take(socket: Socket, frame: Buffer): Promise<void> {
    const message = parseHl7(frame);
    const sha256 = createHash("sha256").update(frame).digest("hex");
    const controlId = message.value("MSH", 10);
    received.push({ controlId, trigger: message.value("MSH", 9, 2), bytes: frame.length, sha256 });
    if (received.length > KEPT) received.shift();
    const behaviour = queue.shift() ?? "ack";
    if (accepts(behaviour)) file(documents, message, controlId, sha256);
    await answer(socket, behaviour, controlId);
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

/** Whether the KIS has filed the document, whatever its answer then looks like. */
function accepts(behaviour: MllpBehaviour): boolean {
  return typeof behaviour === "object" || !(behaviour in ERRORS);
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

const ERRORS: Readonly<Record<string, [string, string]>> = {
  AE: ["AE", "101"],
  AR: ["AR", "200"],
  CE: ["CE", "102"],
  "busy-207": ["AE", "207"],
  "unknown-patient-204": ["AE", "204"],
};

async function answer(socket: Socket, behaviour: MllpBehaviour, controlId: string): Promise<void> {
  if (behaviour === "missing") return;
  if (behaviour === "hang-up-after-read") {
    socket.destroy();
    return;
  }
  if (typeof behaviour === "object") await sleep(behaviour.lateMs);
  const [code, error] = (typeof behaviour === "string" ? ERRORS[behaviour] : undefined) ?? ["AA"];
  const answered = behaviour === "wrong-control-id" ? `X${controlId.slice(1)}` : controlId;
  const text =
    behaviour === "garbage"
      ? "this is not HL7"
      : `MSH|^~\\&|KIS|HOSPITAL|BOTENSTOFF||20260101000000||ACK|A${controlId.slice(1)}|P|2.5.1\rMSA|${code}|${answered}\r` +
        (error === undefined ? "" : `ERR|||${error}^^HL70357|E\r`);
  const frame = Buffer.concat([FRAME_START, Buffer.from(text), FRAME_END]);
  if (behaviour !== "split") {
    socket.write(frame);
    return;
  }
  for (const byte of frame) {
    socket.write(Buffer.from([byte]));
    await sleep(1);
  }
}
