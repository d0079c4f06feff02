import { crc32, inflateSync } from "node:zlib";
import { type ByteReader, unreadable } from "./byte-reader.ts";
import { minimalTiff, orientationIn, type Orientation } from "./orientation.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_LENGTH = 2 ** 31 - 1;
/** An EXIF block beyond this carries more than an orientation; it is dropped unread. */
const MAX_EXIF_BYTES = 1024 * 1024;

/** The largest profiles of printers have some megabytes. */
const MAX_PROFILE_BYTES = 4 * 1024 * 1024;
const MAX_PLAIN_PROFILE_BYTES = 8 * 1024 * 1024;

/** What shows the picture in its right colours, animation included (PNG third edition §11); all else says something about it. */
const NEEDED = new Set(
  "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split(" "),
);

/**
 * A PNG without texts, times, EXIF (but its orientation) and private chunks, and without what follows IEND. Image data is
 * copied untouched. Leaves the reader behind the end of the image.
 * @throws BotenstoffError MEDIA_UNREADABLE
 */
export async function* stripPng(reader: ByteReader): AsyncGenerator<Buffer> {
  if (!(await reader.take(SIGNATURE.length)).equals(SIGNATURE)) throw unreadable("it is no PNG");
  yield SIGNATURE;
  let oriented: Orientation | undefined;
  for (let first = true; ; first = false) {
    const head = Buffer.from(await reader.take(8));
    const length = head.readUInt32BE();
    const type = head.toString("latin1", 4);
    if (length > MAX_LENGTH || (type === "IHDR") !== first) throw unreadable("its chunks are not a PNG's");
    if (type === "iCCP") {
      const profile = length <= MAX_PROFILE_BYTES ? await reader.take(length + 4) : undefined;
      if (!profile) await reader.skip(length + 4);
      else if (isProfile(profile.subarray(0, length))) yield Buffer.concat([head, profile]);
    } else if (NEEDED.has(type)) {
      yield head;
      yield* reader.pass(length + 4);
      if (type === "IEND") return;
    } else if (isCritical(type)) {
      throw unreadable("it has a critical chunk nobody knows");
    } else if (type === "eXIf" && oriented === undefined && length <= MAX_EXIF_BYTES) {
      oriented = orientationIn(await reader.take(length));
      await reader.skip(4);
      if (oriented !== undefined && oriented !== 1) yield chunk("eXIf", minimalTiff(oriented));
    } else {
      await reader.skip(length + 4);
    }
  }
}

/** A name, a method, and a colour profile that does not unpack to more than any has; a picture shows without it. */
function isProfile(data: Buffer): boolean {
  try {
    inflateSync(data.subarray(data.indexOf(0) + 2), { maxOutputLength: MAX_PLAIN_PROFILE_BYTES });
    return true;
  } catch {
    return false;
  }
}

/** PNG §5.4: bit 5 of the first letter. */
function isCritical(type: string): boolean {
  return (type.charCodeAt(0) & 0x20) === 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
