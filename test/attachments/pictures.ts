import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

export type ImageFormat = "jpeg" | "png" | "webp";

/** Planted in every place an image has for words: none of it may be filed. */
export const CANARY = "Kanarienvogel 52.5163N 13.3777E";

export const WIDTH = 48;
export const HEIGHT = 32;

/** A picture with a red left half and a blue right half, a green top-left corner: no turn or mirroring looks the same. */
function halves(): Buffer {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const colour = x < 16 && y < 16 ? [0, 200, 0] : x < WIDTH / 2 ? [200, 0, 0] : [0, 0, 200];
      pixels.set(colour, (y * WIDTH + x) * 3);
    }
  }
  return pixels;
}

/** An image that says its orientation and a great deal more about the patient: EXIF, GPS, XMP, profile. */
export async function picture(format: ImageFormat, orientation = 1, icc = false): Promise<Buffer> {
  const image = sharp(halves(), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .withExif({ IFD0: { ImageDescription: CANARY }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 30/1 0/1" } })
    .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><about>${CANARY}</about></x:xmpmeta>`)
    .withMetadata({ orientation });
  const described = icc ? image.withIccProfile("p3") : image;
  if (format === "jpeg") return described.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
  return format === "png" ? described.png().toBuffer() : described.webp({ lossless: true }).toBuffer();
}

/** The pixels as a viewer shows them, turned upright. */
export async function shown(bytes: Buffer): Promise<{ width: number; height: number; pixels: Buffer }> {
  const { data, info } = await sharp(bytes).autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: data };
}

/** The pixels as they are stored, whatever the orientation says. */
export async function stored(bytes: Buffer): Promise<Buffer> {
  return sharp(bytes, { autoOrient: false }).raw().toBuffer();
}

/** A PDF of one empty page, with more in its body where wanted. */
export function pdf(more = ""): Buffer {
  return Buffer.from(
    `%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R${more}>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n` +
      `3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n`,
    "latin1",
  );
}

/** The smallest ZIP, empty, with a comment. */
export function zip(comment = ""): Buffer {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, Buffer.from(comment, "latin1")]);
}

/** A black PNG of 400 megapixels at one bit each: 50 KB on disk, more than a gigabyte decoded to colours. */
export function bomb(side = 20_000): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(side * (1 + side / 8)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

export async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

/** The bytes in pieces of at most `size`, as a network brings them. */
export async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}
