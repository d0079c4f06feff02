import { blanked, freed, sizeOf, type Blank } from "./boxes.ts";
import { ByteReader, unreadable } from "./byte-reader.ts";

/** ISO/IEC 14496-12 and QuickTime: what holds boxes that may say who filmed, where and with what. */
const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "edts", "dinf"]);
/** User data (`©xyz`, `loci`, make and model), keys and values (`com.apple.quicktime.location.ISO6709`), XMP. */
const TELLING = new Set(["udta", "meta", "uuid"]);
/** Sample descriptions of tracks that tell places second by second: GoPro, Google. */
const PLACES = /gpmd|camm|location/;
const MAX_MOOV_BYTES = 16 * 1024 * 1024;
/** More of either is no film's. */
const MAX_DEPTH = 12;
const MAX_BLANKS = 1_000;

/** The types of films and sound in the container of films. */
const FILMS: ReadonlySet<string> = new Set(["video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "audio/3gpp"]);

export function isFilm(type: string): boolean {
  return FILMS.has(type);
}

/**
 * What of a film says who made it, where and with what. How it is turned stands in its tracks' headers, which stay. Streams:
 * only the description of the film is in memory.
 * @throws BotenstoffError MEDIA_UNREADABLE where places are recorded beside picture and sound, or the description is none
 */
export async function tellingOf(open: () => AsyncIterable<Buffer>): Promise<readonly Blank[]> {
  const reader = new ByteReader(open());
  const blanks: Blank[] = [];
  let at = 0;
  try {
    for (let head = await reader.peek(16); head.length >= 8; head = await reader.peek(16)) {
      const name = head.toString("latin1", 4, 8);
      const { size, header } = sizeOf(head);
      // To the end of the file, as only the last box may be.
      if (size === undefined) break;
      if (name === "moov") {
        if (size > MAX_MOOV_BYTES) throw unreadable("its description is larger than any film's");
        blanks.push(...within(await reader.take(size), header, size, at));
      } else if (TELLING.has(name)) blanks.push(freed(at), { from: at + header, to: at + size });
      if (name !== "moov" && !(await skipped(reader, size))) break;
      at += size;
    }
    return blanks;
  } finally {
    await reader.close();
  }
}

/** A film whose last box promises more than there is plays all the same. */
async function skipped(reader: ByteReader, size: number): Promise<boolean> {
  let open = size;
  while (open > 0) {
    const chunk = await reader.chunk();
    if (chunk === undefined) return false;
    if (chunk.length > open) reader.unread(chunk.subarray(open));
    open -= Math.min(open, chunk.length);
  }
  return true;
}

/** @param base where the box begins in the file */
function within(box: Buffer, from: number, to: number, base: number, depth = 1): Blank[] {
  if (depth > MAX_DEPTH) throw unreadable("its description is nested deeper than any film's");
  const blanks: Blank[] = [];
  for (let at = from; at + 8 <= to;) {
    const name = box.toString("latin1", at + 4, at + 8);
    const { size = to - at, header } = sizeOf(box.subarray(at, at + 16));
    if (at + size > to) throw unreadable("a box of it is cut off");
    if (TELLING.has(name)) blanks.push(freed(base + at), { from: base + at + header, to: base + at + size });
    else if (CONTAINERS.has(name)) blanks.push(...within(box, at + header, at + size, base, depth + 1));
    else if (name === "stsd" && PLACES.test(box.toString("latin1", at + header, at + size))) {
      throw unreadable("a track of it tells where it was filmed");
    }
    if (blanks.length > MAX_BLANKS * 2) throw unreadable("its description has more parts than any film's");
    at += size;
  }
  return blanks;
}

/** The film with these parts overwritten in place, so that every offset stays right. */
export async function* withoutTelling(bytes: AsyncIterable<Buffer>, blanks: readonly Blank[]): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of bytes) {
    yield blanked(chunk, at, blanks);
    at += chunk.length;
  }
}
