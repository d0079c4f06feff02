import { inflateSync } from "node:zlib";
import { PDF_TRAITS, type PdfTrait } from "#src/message/attachment.ts";
import { beginsAsPdf } from "./sniff.ts";

/** As much of the beginning as readers look at for the header. */
const HEAD_BYTES = 1_024;
/** Mail gateways and scanners pad the end; readers do not mind. */
const PADDING = new Set([0, 9, 10, 12, 13, 32]);
/** Adobe's readers look for the end in the last 1,024 bytes (ISO 32000-1 annex H, note 18). */
const TRAILER_BYTES = 1_024;
/** Names (ISO 32000-1), and what a document with such a one is or does when it is opened or clicked. */
const TRAITS: Readonly<Record<string, PdfTrait>> = {
  JavaScript: "javascript",
  XFA: "javascript",
  Launch: "launch",
  SubmitForm: "submit_form",
  ImportData: "submit_form",
  EmbeddedFile: "embedded_files",
  EmbeddedFiles: "embedded_files",
  RichMedia: "embedded_files",
  URI: "uri",
  OpenAction: "open_action",
  AA: "additional_actions",
  Encrypt: "encrypted",
};
/** So short that bytes of a picture spell it by chance: it counts where what it stands for follows. */
const CHANCE = new Set<PdfTrait>(["additional_actions", "uri"]);
const FOLLOWED = /^\s*(<<|\(|\d+\s+\d+\s+R)/;
/** A name, as it is written: up to a delimiter or white space (ISO 32000-1 7.3.5). No name that is looked for is longer. */
const NAME = /\/([^\0\t\n\f\r ()<>[\]{}/%]{2,127})/g;
/** What is kept of a piece, for a name or the beginning of a stream may be cut in two. */
const SEAM = 1_024;
const OBJECTS = "ObjStm";
/** Compressed objects beyond these are not looked into, and that is a fault. */
const MAX_PACKED = 8 * 1024 * 1024;
const MAX_PLAIN = 16 * 1024 * 1024;

/** What is wrong with a document whatever its channel says, or what is in it. */
export type ReadPdf = { readonly fault: string } | { readonly traits: readonly PdfTrait[] };

/**
 * Reads a PDF over with little memory: header, trailer, and every name, however it is written, in compressed objects too.
 */
export async function readPdf(chunks: AsyncIterable<Buffer>): Promise<ReadPdf> {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  const reader = new NameReader();
  for await (const chunk of chunks) {
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    reader.push(chunk);
    tail = Buffer.concat([tail, withoutPadding(chunk)]).subarray(-TRAILER_BYTES);
  }
  if (!beginsAsPdf(head)) return { fault: "it does not begin as a PDF" };
  if (!tail.includes("%%EOF") || !tail.includes("startxref")) return { fault: "it does not end as a PDF" };
  if (reader.fault !== undefined) return { fault: reader.fault };
  return { traits: PDF_TRAITS.filter((trait) => reader.traits.has(trait)) };
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
  readonly traits = new Set<PdfTrait>();
  fault: string | undefined;

  push(chunk: Buffer): void {
    if (this.fault !== undefined) return;
    const data = Buffer.concat([this.#seam, chunk]);
    this.#look(data);
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
      this.#unpack(Buffer.concat(this.#packed));
      this.#packed = undefined;
      this.#size = 0;
      at += "endstream".length;
    }
  }

  #unpack(packed: Buffer): void {
    try {
      this.#look(inflateSync(packed, { maxOutputLength: MAX_PLAIN, finishFlush: 2 }));
    } catch (error) {
      // Another filter, or encrypted: nobody sees into it here, and a reader that does is the scanner's job.
      const bomb = Error.isError(error) && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
      if (bomb) this.fault ??= "its objects are packed too large to look into";
    }
  }

  #look(data: Buffer): void {
    const text = data.toString("latin1");
    for (const { 0: written, 1: name = "", index } of text.matchAll(NAME)) {
      const trait = TRAITS[decoded(name)];
      if (!trait || this.traits.has(trait)) continue;
      const end = index + written.length;
      if (!CHANCE.has(trait) || FOLLOWED.test(text.slice(end, end + 64))) this.traits.add(trait);
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

/** `J#61vaScript` is a way to write `JavaScript`. */
function decoded(name: string): string {
  return name.replaceAll(/#([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
