import type { Readable } from "node:stream";

/** An answer that is larger than whoever asked will read. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** All of a body, at most so many bytes. @throws TooLarge beyond them: the rest is not read, the connection is closed */
export async function bytesWithin(body: Readable, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the body.
    if (bytes > mostBytes) throw new TooLarge(`the answer is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const DUMPED_BYTES = 128 * 1024;

/** Reads a small rest so that the connection can be used again; a large one is cut off with its connection. */
export async function dump(body: Readable): Promise<void> {
  await bytesWithin(body, DUMPED_BYTES).catch(() => undefined);
}
