import { createHash, hash } from "node:crypto";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { base64Of } from "#src/message/base64.ts";
import { noAnswer } from "./answers.ts";
import { FRAME_END, FRAME_START } from "#src/hl7/frame.ts";
import type { BlobSlot } from "#src/hl7/message.ts";

const SMALL = 64 * 1024;
/** Handed to the operating system at once; no more is read from the blob store before it has taken it. */
const TOGETHER = 256 * 1024;

/** A message ready for the wire. */
export interface Framed {
  readonly pieces: readonly (Buffer | BlobSlot)[];
  openBlob(attachmentId: string): Readable;
}

/**
 * Writes a frame with back-pressure; attachments become base64 while they stream, so none is ever held whole.
 * @param stallMs how long the receiver may take to read what fills the buffers
 * @returns lower-case hex SHA-256 of the message without its frame
 * @throws BotenstoffError DESTINATION_NO_ANSWER when the connection breaks or stalls; what `openBlob` fails with
 */
export async function writeFrame(socket: Socket, framed: Framed, stallMs: number): Promise<string> {
  const small = wholeOf(framed);
  if (small) {
    // One write is one packet: some receivers take a packet for a message.
    if (!socket.write(small)) await drained(socket, stallMs);
    return hash("sha256", small.subarray(FRAME_START.length, -FRAME_END.length));
  }
  const digest = createHash("sha256");
  socket.cork();
  try {
    socket.write(FRAME_START);
    for (const piece of framed.pieces) {
      const chunks = Buffer.isBuffer(piece) ? [piece] : base64Of(framed.openBlob(piece.blob));
      for await (const chunk of chunks) {
        socket.write(chunk);
        digest.update(chunk);
        if (socket.writableLength < TOGETHER) continue;
        // Many chunks, one call of the operating system.
        socket.uncork();
        socket.cork();
        if (socket.writableLength > 0) await drained(socket, stallMs);
      }
    }
    socket.write(FRAME_END);
  } finally {
    socket.uncork();
  }
  return digest.digest("hex");
}

/** The frame in one piece, where it holds no attachment and copying costs nothing. */
function wholeOf({ pieces }: Framed): Buffer | undefined {
  const bytes = pieces.filter((piece) => Buffer.isBuffer(piece));
  if (bytes.length < pieces.length || bytes.reduce((sum, { length }) => sum + length, 0) > SMALL) return undefined;
  return Buffer.concat([FRAME_START, ...bytes, FRAME_END]);
}

/** `drain`, or the connection's end, or the time, whichever comes first. */
async function drained(socket: Socket, stallMs: number): Promise<void> {
  if (socket.destroyed) throw noAnswer("the connection broke");
  await new Promise<void>((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer);
      socket.off("drain", drain).off("close", close);
      end();
    };
    const drain = () => settle(resolve);
    const close = () => settle(() => reject(noAnswer("the connection broke")));
    const timer = setTimeout(() => settle(() => reject(noAnswer("the receiver stopped reading"))), stallMs);
    socket.once("drain", drain).once("close", close);
  });
}

/**
 * Resolves when everything written so far has been handed to the operating system.
 * @throws BotenstoffError DESTINATION_NO_ANSWER when the connection breaks or the receiver stops reading
 */
export async function flushed(socket: Socket, stallMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer("the receiver stopped reading")), stallMs);
    socket.write(Buffer.alloc(0), (error) => {
      clearTimeout(timer);
      if (error) reject(noAnswer("the connection broke", error));
      else resolve();
    });
  });
}
