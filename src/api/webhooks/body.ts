import type { IncomingMessage } from "node:http";
import { Problem, tooLarge } from "../problem.ts";

/**
 * Reads a body of at most `limit` bytes, as sent. Compression is refused: a few bytes could become gigabytes, and no
 * provider compresses. An announced length above the limit is refused before a byte is read.
 * @param received hears the size of each piece, before the next is read
 * @throws Problem 413, 415; the stream's own error when the sender breaks off
 */
export function readBody(request: IncomingMessage, limit: number, received: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") throw compressed();
    if (Number(request.headers["content-length"]) > limit) throw tooLarge();
    const pieces: Buffer[] = [];
    let size = 0;
    const take = (piece: Buffer) => {
      size += piece.length;
      if (size <= limit) {
        pieces.push(piece);
        received(piece.length);
      } else {
        request.off("data", take);
        reject(tooLarge());
      }
    };
    // By events and not by iteration, which costs a webhook several times as much.
    request
      .on("data", take)
      .once("error", reject)
      .once("end", () => resolve(Buffer.concat(pieces, size)));
  });
}

function compressed(): Problem {
  return new Problem(415, "problem:encoding", "Encoding not taken", "Send the body uncompressed.");
}
