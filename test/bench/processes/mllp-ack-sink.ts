import { createServer, type AddressInfo, type Server } from "node:net";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";

/** A receiver as bare as one can be, and one that differs only in using the engine's decoder. Ports go to the parent. */
const FS = 0x1c;
const LIMIT = 64 * 1024 * 1024;
/** Every message of the benchmark has this control id. */
const ACK = Buffer.concat([FRAME_START, Buffer.from("MSH|^~\\&|||||||ACK|A|P|2.5.1\rMSA|AA|C1\r"), FRAME_END]);

const bare = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    if (chunk.includes(FS)) socket.write(ACK);
  });
});

const decoding = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  const decoder = new FrameDecoder(LIMIT);
  socket.on("data", (chunk: Buffer) => {
    for (let left = decoder.push(chunk).length; left > 0; left -= 1) socket.write(ACK);
  });
});

const ports = await Promise.all([bare, decoding].map(open));
process.send?.(ports);
process.on("disconnect", () => process.exit());

function open(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
