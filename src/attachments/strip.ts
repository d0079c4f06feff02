import { fileTypeFromBuffer } from "file-type";
import { ByteReader, unreadable } from "./byte-reader.ts";
import { looksLikeMarkup, SNIFF_BYTES } from "./sniff.ts";
import { stripHeic } from "./strip-heic.ts";
import { stripJpeg } from "./strip-jpeg.ts";
import { stripPng } from "./strip-png.ts";
import { stripWebp } from "./strip-webp.ts";

type Strip = (reader: ByteReader, open: () => AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

const STRIPS: Readonly<Record<string, Strip>> = {
  "image/heic": stripHeic,
  "image/jpeg": stripJpeg,
  "image/png": stripPng,
  "image/webp": stripWebp,
};

/** The image types whose metadata the engine can take out without touching the picture. */
export function isStrippable(type: string): boolean {
  return Object.hasOwn(STRIPS, type);
}

/** What cameras append to their pictures: a second one for brightness or depth. A film is more than a picture. */
const HARMLESS_BEHIND = new Set(["image/jpeg"]);
const FILMS = new Set(["video/mp4", "video/quicktime", "video/3gpp"]);

/**
 * An image without its metadata, pixels untouched. What follows the image is dropped; where it is a file of another
 * kind, the whole is no honest picture.
 * @throws BotenstoffError MEDIA_UNREADABLE
 */
export async function* strip(type: string, open: () => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stripped = STRIPS[type];
  if (!stripped) throw unreadable("metadata of this type cannot be taken out");
  const reader = new ByteReader(open());
  try {
    yield* stripped(reader, open);
    const behind = await reader.peek(SNIFF_BYTES);
    const found = await fileTypeFromBuffer(behind);
    if (found && FILMS.has(found.mime)) throw unreadable("a film is hidden behind the picture");
    if (found ? !HARMLESS_BEHIND.has(found.mime) : looksLikeMarkup(behind)) {
      throw unreadable("another file is hidden behind the picture");
    }
  } finally {
    await reader.close();
  }
}
