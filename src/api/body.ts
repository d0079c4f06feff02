import type { IncomingMessage } from "node:http";
import { Problem, tooLarge } from "./problem.ts";

/**
 * Reads a body of at most `limit` bytes, as sent. Compression is refused: a few bytes could become gigabytes, and no
 * provider compresses. An announced length above the limit is refused before a byte is read.
 * @param received hears the size of each piece, before the next is read
 * @throws Problem 413, 415; the stream's own error when the sender breaks off
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  received: (bytes: number) => void,
): Promise<Buffer> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") throw compressed();
  if (Number(request.headers["content-length"]) > limit) throw tooLarge();
  const pieces: Buffer[] = [];
  let size = 0;
  // Breaking off a plain iteration would close the connection before the refusal is written.
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > limit) throw tooLarge();
    pieces.push(piece);
    received(piece.length);
  }
  return Buffer.concat(pieces, size);
}

function compressed(): Problem {
  return new Problem(415, "problem:encoding", "Encoding not taken", "Send the body uncompressed.");
}
