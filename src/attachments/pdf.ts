import { beginsAsPdf } from "./sniff.ts";

/** As much of the beginning as readers look at for the header. */
const HEAD_BYTES = 1_024;
/** Mail gateways and scanners pad the end; readers do not mind. */
const PADDING = new Set([0, 9, 10, 12, 13, 32]);
/** Adobe's readers look for the end in the last 1,024 bytes (ISO 32000-1 annex H, note 18). */
const TRAILER_BYTES = 1_024;
/** What runs something when a document is opened. Compressed object streams can hide it: that is the scanner's job. */
const ACTIVE = ["/JavaScript", "/Launch"].map((name) => Buffer.from(name, "latin1"));
const LONGEST = Math.max(...ACTIVE.map(({ length }) => length));

/**
 * Reads a PDF over with constant memory: header, trailer, and no plain active content.
 * @returns what is wrong with it, undefined when nothing is
 */
export async function faultInPdf(chunks: AsyncIterable<Buffer>): Promise<string | undefined> {
  let head = Buffer.alloc(0);
  let seam = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let active = false;
  for await (const chunk of chunks) {
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    // The end of the piece before is looked at again, for a name may be cut in two.
    const across = Buffer.concat([seam, chunk.subarray(0, LONGEST)]);
    active ||= ACTIVE.some((name) => across.includes(name) || chunk.includes(name));
    seam = Buffer.concat([seam, chunk.subarray(-LONGEST)]).subarray(-LONGEST);
    tail = Buffer.concat([tail, withoutPadding(chunk)]).subarray(-TRAILER_BYTES);
  }
  if (!beginsAsPdf(head)) return "it does not begin as a PDF";
  if (!tail.includes("%%EOF") || !tail.includes("startxref")) return "it does not end as a PDF";
  return active ? "it carries active content" : undefined;
}

function withoutPadding(chunk: Buffer): Buffer {
  let end = chunk.length;
  while (end > 0 && PADDING.has(chunk[end - 1] ?? 1)) end -= 1;
  return Buffer.from(chunk.subarray(Math.max(0, end - TRAILER_BYTES), end));
}
