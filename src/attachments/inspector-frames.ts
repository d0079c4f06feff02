import type { ReadPdf } from "./pdf.ts";

/** What the engine asks its reader process, before the bytes. */
export type Task =
  | { readonly read: "image"; readonly maxPixels: number; readonly previewPixels: number }
  | { readonly read: "heic"; readonly maxPixels: number }
  | { readonly read: "pdf" };

/** What comes back, before the bytes of a preview. `width` and `height` are the preview's. */
export type Finding = ReadPdf | { readonly width: number; readonly height: number } | Record<string, never>;

/** A piece with its length in front, as both directions carry it; an empty one ends the bytes of a task. */
export function frame(bytes: Uint8Array): Buffer {
  return Buffer.concat([lengthOf(bytes), bytes]);
}

/** The four bytes in front of a piece. */
export function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

export const END = frame(Buffer.alloc(0));

/** Takes frames out of a stream of bytes. Fails when a frame is longer than `maxBytes`. */
export async function* framesOf(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes < 4 || bytes < wanted(pieces)) continue;
    let open = Buffer.concat(pieces);
    while (open.length >= 4) {
      const length = open.readUInt32BE();
      if (length > maxBytes) throw new Error("a frame is too long");
      if (open.length < 4 + length) break;
      yield open.subarray(4, 4 + length);
      open = open.subarray(4 + length);
    }
    pieces = [open];
    bytes = open.length;
  }
}

/** The size of the frame the pieces begin with, length included. */
function wanted(pieces: readonly Buffer[]): number {
  const first = pieces[0];
  return 4 + (first && first.length >= 4 ? first : Buffer.concat(pieces)).readUInt32BE();
}
