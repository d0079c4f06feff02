import { unreadable } from "./byte-reader.ts";

/** Bytes of a file that are overwritten: from, up to; with zeros, or with what is given and then zeros. */
export interface Blank {
  readonly from: number;
  readonly to: number;
  readonly with?: Buffer;
}

/** A box's size with its header's; undefined where it lasts to the end of the file. */
export function sizeOf(head: Buffer): { size: number | undefined; header: number } {
  const short = head.readUInt32BE();
  if (short === 0) return { size: undefined, header: 8 };
  if (short !== 1) return { size: Math.max(short, 8), header: 8 };
  if (head.length < 16) throw unreadable("a box of it is cut off");
  return { size: Math.max(Number(head.readBigUInt64BE(8)), 16), header: 16 };
}

/** A box becomes one that means nothing. */
export function freed(at: number): Blank {
  return { from: at + 4, to: at + 8, with: Buffer.from("free", "latin1") };
}

/** A piece of a file, which begins at `at`, with what is to be overwritten. */
export function blanked(chunk: Buffer, at: number, blanks: readonly Blank[]): Buffer {
  const touched = blanks.filter(({ from, to }) => from < at + chunk.length && to > at);
  if (touched.length === 0) return chunk;
  const copy = Buffer.from(chunk);
  for (const { from, to, with: given } of touched) {
    for (let byte = Math.max(from, at); byte < Math.min(to, at + chunk.length); byte += 1) {
      copy[byte - at] = given?.[byte - from] ?? 0;
    }
  }
  return copy;
}
