const HEADER = /^%PDF-[12]\.\d/;
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
  let head = "";
  let tail = Buffer.alloc(0);
  let active = false;
  for await (const chunk of chunks) {
    if (head.length < 8) head += chunk.toString("latin1", 0, 8 - head.length);
    // The end of the piece before is looked at again, for a name may be cut in two.
    const seam = Buffer.concat([tail.subarray(Math.max(0, tail.length - LONGEST)), chunk.subarray(0, LONGEST)]);
    active ||= ACTIVE.some((name) => seam.includes(name) || chunk.includes(name));
    tail =
      chunk.length >= TRAILER_BYTES
        ? Buffer.from(chunk.subarray(-TRAILER_BYTES))
        : Buffer.concat([tail, chunk]).subarray(-TRAILER_BYTES);
  }
  if (!HEADER.test(head)) return "it does not begin as a PDF";
  if (!tail.includes("%%EOF") || !tail.includes("startxref")) return "it does not end as a PDF";
  return active ? "it carries active content" : undefined;
}
