import { type ByteReader, unreadable } from "./byte-reader.ts";
import { isExif, minimalExif, orientationIn, type Orientation } from "./orientation.ts";

/** Markers of ITU-T T.81 table B.1. */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const APP15 = 0xef;
const COM = 0xfe;

const JFIF_BYTES = 14;

/**
 * A JPEG without anything that is not needed to show it: EXIF is cut down to the orientation; XMP, IPTC, comments,
 * thumbnails and vendor segments go, and so does what follows the end of the image. Colour profile (APP2 ICC) and
 * colour transform (APP14 Adobe) stay, for without them a wound has another colour. Compressed data is copied
 * untouched. Leaves the reader behind the end of the image.
 * @throws BotenstoffError MEDIA_UNREADABLE
 */
export async function* stripJpeg(reader: ByteReader): AsyncGenerator<Buffer> {
  if ((await reader.take(2)).readUInt16BE() !== ((0xff << 8) | SOI)) throw unreadable("it is no JPEG");
  yield Buffer.from([0xff, SOI]);
  let oriented: Orientation | undefined;
  for (;;) {
    const marker = await nextMarker(reader);
    if (marker === EOI) {
      yield Buffer.from([0xff, EOI]);
      return;
    }
    if (!hasLength(marker)) throw unreadable("a marker is not where JPEG allows it");
    const length = (await reader.take(2)).readUInt16BE();
    if (length < 2) throw unreadable("a segment is shorter than its own length");
    const body = Buffer.from(await reader.take(length - 2));
    if (marker === APP1 && oriented === undefined && isExif(body)) {
      oriented = orientationIn(body);
      if (oriented !== undefined && oriented !== 1) yield segment(APP1, minimalExif(oriented));
    }
    const kept = needed(marker, body);
    if (kept) yield segment(marker, kept);
    if (marker === SOS) yield* scan(reader);
  }
}

/** What of a segment is needed to show the image. */
function needed(marker: number, body: Buffer): Buffer | undefined {
  const name = (text: string) => body.toString("latin1", 0, text.length) === text;
  if (marker === APP0) return name("JFIF\0") && body.length >= JFIF_BYTES ? withoutThumbnail(body) : undefined;
  if (marker === APP2) return name("ICC_PROFILE\0") ? body : undefined;
  if (marker === APP14) return name("Adobe") ? body : undefined;
  if ((marker > APP0 && marker <= APP15) || marker === COM) return undefined;
  return body;
}

/** JFIF 1.02: the last two bytes of the header are the thumbnail's size, its pixels follow. */
function withoutThumbnail(jfif: Buffer): Buffer {
  const header = Buffer.from(jfif.subarray(0, JFIF_BYTES));
  header.set([0, 0], JFIF_BYTES - 2);
  return header;
}

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** T.81 B.1.1.2: any number of fill bytes 0xFF may precede a marker. */
async function nextMarker(reader: ByteReader): Promise<number> {
  if ((await reader.take(1))[0] !== 0xff) throw unreadable("a segment does not begin with a marker");
  for (;;) {
    const [byte] = await reader.take(1);
    if (byte !== 0xff) return byte ?? 0;
  }
}

/** SOF, DHT, DAC, DQT, DRI, SOS, DNL, DHP, EXP, APPn, COM; never RSTn, SOI, TEM or a reserved one. */
function hasLength(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xcf) || (marker >= SOS && marker <= APP15) || marker === COM;
}

/** Entropy-coded data up to the next marker other than RSTn; 0xFF00 is a stuffed byte. */
async function* scan(reader: ByteReader): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk = await reader.chunk();
    if (chunk === undefined) throw unreadable("the image ends in the middle");
    const end = endOfScan(chunk);
    if (end < chunk.length) reader.unread(chunk.subarray(end));
    if (end > 0) yield chunk.subarray(0, end);
    // A lone 0xFF at the end of a piece is judged with the byte after it.
    const next = await reader.peek(2);
    if (next.length === 2 && next[0] === 0xff && isMarker(next[1] ?? 0)) return;
    if (next.length < 2) throw unreadable("the image ends in the middle");
  }
}

/** Where the scan ends in the piece: at a marker, or at a last 0xFF whose meaning the next piece tells. */
function endOfScan(chunk: Buffer): number {
  for (let at = chunk.indexOf(0xff); at >= 0; at = chunk.indexOf(0xff, at + 1)) {
    const next = chunk[at + 1];
    if (next === undefined || isMarker(next)) return at;
  }
  return chunk.length;
}

function isMarker(byte: number): boolean {
  return byte !== 0 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd7);
}
