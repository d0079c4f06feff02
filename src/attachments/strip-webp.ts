import { ByteReader, unreadable } from "./byte-reader.ts";
import { minimalTiff, orientationIn, type Orientation } from "./orientation.ts";

const HEADER_BYTES = 12;
/** WebP container specification: chunks that show the picture; EXIF, XMP and unknown chunks do not. */
const NEEDED = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ICCP", "ANIM", "ANMF"]);
const EXIF_FLAG = 0x08;
const XMP_FLAG = 0x04;
const MAX_EXIF_BYTES = 1024 * 1024;

interface Chunk {
  readonly name: string;
  readonly bytes: number;
}

/** What a first reading found: the chunks in order, and how the picture must be turned. */
interface Plan {
  readonly chunks: readonly Chunk[];
  readonly orientation?: Orientation;
}

/**
 * A WebP without XMP, EXIF (but its orientation), unknown chunks and what follows its end. Image data is copied
 * untouched. It is read twice, because its total size stands in front. Leaves the reader behind the end of the image.
 * @throws BotenstoffError MEDIA_UNREADABLE
 */
export async function* stripWebp(reader: ByteReader, open: () => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const plan = await makePlan(open);
  // Without VP8X there is no place for EXIF: the simple format is nothing but its image chunk.
  const extended = plan.chunks.some(({ name }) => name === "VP8X");
  const exif = extended && plan.orientation !== undefined && plan.orientation !== 1 && minimalTiff(plan.orientation);
  const kept = plan.chunks.filter(({ name }) => NEEDED.has(name));
  const size = 4 + kept.reduce((sum, chunk) => sum + 8 + padded(chunk.bytes), 0) + (exif ? 8 + exif.length : 0);
  const header = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  header.writeUInt32LE(size, 4);
  yield header;
  await reader.take(HEADER_BYTES);
  for (const { name, bytes } of plan.chunks) {
    const head = Buffer.from(await reader.take(8));
    if (!NEEDED.has(name)) {
      await reader.skip(padded(bytes));
    } else if (name === "VP8X") {
      const body = Buffer.from(await reader.take(padded(bytes)));
      body[0] = ((body[0] ?? 0) & ~(EXIF_FLAG | XMP_FLAG)) | (exif ? EXIF_FLAG : 0);
      yield Buffer.concat([head, body]);
    } else {
      yield head;
      yield* reader.pass(padded(bytes));
    }
  }
  if (exif) yield chunk("EXIF", exif);
}

async function makePlan(open: () => AsyncIterable<Buffer>): Promise<Plan> {
  const reader = new ByteReader(open());
  try {
    const header = await reader.take(HEADER_BYTES);
    if (header.toString("latin1", 0, 4) !== "RIFF" || header.toString("latin1", 8) !== "WEBP") {
      throw unreadable("it is no WebP");
    }
    const chunks: Chunk[] = [];
    let orientation: Orientation | undefined;
    for (let left = header.readUInt32LE(4) - 4; left > 0;) {
      const head = await reader.take(8);
      const [name, bytes] = [head.toString("latin1", 0, 4), head.readUInt32LE(4)];
      left -= 8 + padded(bytes);
      if (left < 0) throw unreadable("a chunk is longer than the file says");
      chunks.push({ name, bytes });
      if (name === "EXIF" && orientation === undefined && bytes <= MAX_EXIF_BYTES) {
        orientation = orientationIn(Buffer.from(await reader.take(bytes)));
        await reader.skip(padded(bytes) - bytes);
      } else {
        await reader.skip(padded(bytes));
      }
    }
    return { chunks, ...(orientation !== undefined && { orientation }) };
  } finally {
    await reader.close();
  }
}

/** RIFF: a chunk of odd size is followed by one byte of padding. */
function padded(bytes: number): number {
  return bytes + (bytes % 2);
}

function chunk(name: string, data: Buffer): Buffer {
  const head = Buffer.from(`${name}\0\0\0\0`, "latin1");
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data]);
}
