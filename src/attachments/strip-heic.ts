import { ByteReader, unreadable } from "./byte-reader.ts";
import { blanked, freed, sizeOf, type Blank } from "./boxes.ts";
import { metadataIn } from "./heic-items.ts";

/** ISO/IEC 14496-12 and 23008-12: boxes of a picture; any other at the top says something else. */
const NEEDED = new Set(["ftyp", "meta", "mdat", "moov", "free", "skip"]);
/** The film of a living photo, as Samsung writes it. */
const FILM = "mpvd";
const MAX_META_BYTES = 4 * 1024 * 1024;

/**
 * A HEIC without EXIF, XMP and what else is not the picture: overwritten in place, so that every offset stays right and
 * picture data is copied untouched. How it is turned is a property of the picture, not of its EXIF. It is read twice,
 * because what says where the metadata is may stand behind it.
 * @throws BotenstoffError MEDIA_UNREADABLE
 */
export async function* stripHeic(reader: ByteReader, open: () => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const blanks = await plan(open);
  let at = 0;
  for (let chunk = await reader.chunk(); chunk !== undefined; chunk = await reader.chunk()) {
    yield blanked(chunk, at, blanks);
    at += chunk.length;
  }
}

async function plan(open: () => AsyncIterable<Buffer>): Promise<Blank[]> {
  const reader = new ByteReader(open());
  const blanks: Blank[] = [];
  let at = 0;
  try {
    for (let head = await reader.peek(16); head.length > 0; head = await reader.peek(16)) {
      if (head.length < 8) throw unreadable("a box of it is cut off");
      const name = head.toString("latin1", 4, 8);
      const { size, header } = sizeOf(head);
      if (name === FILM) throw unreadable("a film is hidden behind the picture");
      if (size === undefined) {
        // To the end of the file, as only the last box may be.
        if (name !== "mdat") throw unreadable("a box of it has no end");
        return blanks;
      }
      if (name === "meta" || name === "moov") {
        if (size > MAX_META_BYTES) throw unreadable("its description is larger than any camera's");
        blanks.push(...metadataIn(await reader.take(size), at, header));
      } else {
        await reader.skip(size);
        if (!NEEDED.has(name)) blanks.push(freed(at), { from: at + header, to: at + size });
      }
      at += size;
    }
    return blanks;
  } finally {
    await reader.close();
  }
}
