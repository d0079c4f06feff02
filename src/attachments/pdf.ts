import { inflateSync } from "node:zlib";
import { beginsAsPdf } from "./sniff.ts";

/** As much of the beginning as readers look at for the header. */
const HEAD_BYTES = 1_024;
/** Mail gateways and scanners pad the end; readers do not mind. */
const PADDING = new Set([0, 9, 10, 12, 13, 32]);
/** Adobe's readers look for the end in the last 1,024 bytes (ISO 32000-1 annex H, note 18). */
const TRAILER_BYTES = 1_024;
/** What runs, sends or brings along something when a document is opened or clicked. Links and first views do not. */
const ACTIVE = new Set([
  "JavaScript",
  "Launch",
  "SubmitForm",
  "ImportData",
  "EmbeddedFile",
  "EmbeddedFiles",
  "RichMedia",
  "XFA",
]);
/** A name, as it is written: up to a delimiter or white space (ISO 32000-1 7.3.5). No name that is looked for is longer. */
const NAME = /\/([^\0\t\n\f\r ()<>[\]{}/%]{2,127})/g;
/** What is kept of a piece, for a name or the beginning of a stream may be cut in two. */
const SEAM = 1_024;
const OBJECTS = "ObjStm";
/** Compressed objects beyond these are not looked into, and that is a fault. */
const MAX_PACKED = 8 * 1024 * 1024;
const MAX_PLAIN = 16 * 1024 * 1024;

/**
 * Reads a PDF over with little memory: header, trailer, and no active content, however its names are written, in compressed
 * objects too.
 * @returns what is wrong with it, undefined when nothing is
 */
export async function faultInPdf(chunks: AsyncIterable<Buffer>): Promise<string | undefined> {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  const reader = new NameReader();
  for await (const chunk of chunks) {
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    reader.push(chunk);
    tail = Buffer.concat([tail, withoutPadding(chunk)]).subarray(-TRAILER_BYTES);
  }
  if (!beginsAsPdf(head)) return "it does not begin as a PDF";
  if (!tail.includes("%%EOF") || !tail.includes("startxref")) return "it does not end as a PDF";
  return reader.fault;
}

function withoutPadding(chunk: Buffer): Buffer {
  let end = chunk.length;
  while (end > 0 && PADDING.has(chunk[end - 1] ?? 1)) end -= 1;
  return Buffer.from(chunk.subarray(Math.max(0, end - TRAILER_BYTES), end));
}

/** Looks at every name of a document as it comes in. */
class NameReader {
  #seam = Buffer.alloc(0);
  /** The compressed objects that are being gathered. */
  #packed: Buffer[] | undefined;
  #size = 0;
  fault: string | undefined;

  push(chunk: Buffer): void {
    if (this.fault !== undefined) return;
    const data = Buffer.concat([this.#seam, chunk]);
    if (hasActiveName(data)) this.fault = "it carries active content";
    this.#gather(data);
    this.#seam = Buffer.from(data.subarray(-SEAM));
  }

  /** Finds streams of objects and looks into them once they are complete. */
  #gather(data: Buffer): void {
    // What the seam shows again was gathered before.
    let at = this.#packed ? this.#seam.length : 0;
    while (at < data.length && this.fault === undefined) {
      const start = this.#packed ? at : streamOfObjects(data, at);
      if (start === undefined) return;
      this.#packed ??= [];
      at = start;
      // Its end may be cut in two as well: the last bytes of what is gathered are looked at again.
      const before = Buffer.concat(this.#packed.slice(-16)).subarray(-16);
      const piece = data.subarray(at);
      const end = Buffer.concat([before, piece]).indexOf("endstream");
      const taken = end < 0 ? piece.length : Math.max(0, end - before.length);
      if (taken > 0) this.#packed.push(Buffer.from(piece.subarray(0, taken)));
      this.#size += taken;
      at += taken;
      if (this.#size > MAX_PACKED) this.fault = "its objects are packed too large to look into";
      if (end < 0) return;
      this.fault ??= faultInObjects(Buffer.concat(this.#packed));
      this.#packed = undefined;
      this.#size = 0;
      at += "endstream".length;
    }
  }
}

/** Where the bytes of the next stream of objects begin, behind `from`. */
function streamOfObjects(data: Buffer, from: number): number | undefined {
  const text = data.toString("latin1");
  const names = new RegExp(NAME);
  names.lastIndex = from;
  for (let found = names.exec(text); found; found = names.exec(text)) {
    if (decoded(found[1] ?? "") !== OBJECTS) continue;
    const begins = /stream\r?\n/.exec(text.slice(found.index, found.index + SEAM));
    if (begins) return found.index + begins.index + begins[0].length;
  }
  return undefined;
}

function faultInObjects(packed: Buffer): string | undefined {
  try {
    const plain = inflateSync(packed, { maxOutputLength: MAX_PLAIN, finishFlush: 2 });
    return hasActiveName(plain) ? "it carries active content" : undefined;
  } catch (error) {
    // Another filter, or encrypted: nobody sees into it here, and a reader that does is the scanner's job.
    const bomb = Error.isError(error) && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    return bomb ? "its objects are packed too large to look into" : undefined;
  }
}

function hasActiveName(data: Buffer): boolean {
  for (const [, name = ""] of data.toString("latin1").matchAll(NAME)) if (ACTIVE.has(decoded(name))) return true;
  return false;
}

/** `J#61vaScript` is a way to write `JavaScript`. */
function decoded(name: string): string {
  return name.replaceAll(/#([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
