import { createHash } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Arrivals, type ArrivalReport } from "../arrivals.ts";
import { answerCalls } from "../child.ts";

/** What the sink saw. */
export interface MllpSinkReport extends ArrivalReport {
  readonly attachments: number;
  /** Attachments whose bytes were none of those announced. */
  readonly wrongAttachments: number;
}

/** Where a marker may stand: before or after an attachment, never inside. */
const EDGE_BYTES = 4_096;
const START = 0x0b;
const END = 0x1c;
const CR = 0x0d;

let arrivals = new Arrivals();
let expected = new Set<string>();
let attachments = 0;
let wrongAttachments = 0;

const server = createServer((socket) => {
  socket.setNoDelay(true).on("error", () => undefined);
  let chunks: Buffer[] = [];
  let beforeLast = 0;
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    // The engine has one message in flight per connection, so a frame can only end where a chunk does.
    const end = chunk.length > 1 ? chunk[chunk.length - 2] : beforeLast;
    beforeLast = chunk[chunk.length - 1] ?? 0;
    if (end !== END || beforeLast !== CR) return;
    const frame = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    chunks = [];
    take(socket, frame);
  });
});

function take(socket: Socket, frame: Buffer): void {
  const head = frame.toString("latin1", 0, EDGE_BYTES);
  const controlId = head.split("|", 10)[9] ?? "";
  if (frame[0] !== START || controlId === "") {
    socket.destroy();
    return;
  }
  const tail =
    frame.length > EDGE_BYTES ? frame.toString("latin1", Math.max(EDGE_BYTES, frame.length - EDGE_BYTES)) : "";
  arrivals.add(controlId, head + tail);
  if (expected.size > 0) checkAttachment(frame);
  socket.write(`\x0bMSH|^~\\&|SINK||||20260101000000||ACK|${controlId}|P|2.5.1\rMSA|AA|${controlId}\r\x1c\r`);
}

function checkAttachment(frame: Buffer): void {
  const start = frame.indexOf("^Base64^", 0, "latin1");
  if (start < 0) return;
  const end = frame.indexOf("|", start, "latin1");
  const bytes = Buffer.from(frame.toString("latin1", start + 8, end < 0 ? frame.length - 3 : end), "base64");
  attachments += 1;
  if (!expected.has(createHash("sha256").update(bytes).digest("hex"))) wrongAttachments += 1;
}

answerCalls({
  listen: async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  /** @param sha256 the attachments that may come, lower-case hex */
  expect: (sha256: readonly string[]) => void (expected = new Set(sha256)),
  report: (): MllpSinkReport => ({ ...arrivals.report(), attachments, wrongAttachments }),
  forget: () => {
    arrivals = new Arrivals();
    attachments = wrongAttachments = 0;
  },
});
