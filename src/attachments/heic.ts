import sharp from "sharp";
import type { Finding } from "./inspector-frames.ts";

/** Good enough to see what the original shows. */
const QUALITY = 90;
const ICC_SEGMENT = 65_519;

/**
 * Decodes a HEIC, which is HEVC in a box, and draws it as an upright JPEG with its colour profile. Runs in the reader
 * process: the decoder is libheif with libde265, as WebAssembly.
 */
export async function renderHeic(bytes: Buffer, maxPixels: number): Promise<{ finding: Finding; preview: Buffer }> {
  const { default: libheif } = await import("libheif-js/wasm-bundle.js");
  const [image] = new libheif.HeifDecoder().decode(bytes);
  if (!image) return fault("it cannot be decoded");
  const [width, height] = [image.get_width(), image.get_height()];
  if (width * height > maxPixels) return fault("it has more pixels than allowed");
  const pixels = new Uint8ClampedArray(width * height * 4);
  const drawn = await new Promise<boolean>((resolve) => {
    image.display({ data: pixels, width, height }, (shown: unknown) => resolve(shown !== null && shown !== undefined));
  });
  if (!drawn) return fault("it cannot be decoded");
  const raw = { width, height, channels: 4 as const };
  const jpeg = await sharp(pixels, { raw, limitInputPixels: maxPixels })
    .flatten({ background: "#fff" })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  return { finding: { width, height }, preview: withProfile(jpeg, profileIn(bytes)) };
}

function fault(reason: string): { finding: Finding; preview: Buffer } {
  return { finding: { fault: reason }, preview: Buffer.alloc(0) };
}

/** The colour profile in a `colr` box of type `prof` (ISO/IEC 14496-12 12.1.5); without it a wound has another colour. */
function profileIn(bytes: Buffer): Buffer | undefined {
  const at = bytes.indexOf("colrprof", 0, "latin1");
  if (at < 4) return undefined;
  const profile = bytes.subarray(at + 8, at - 4 + bytes.readUInt32BE(at - 4));
  return profile.toString("latin1", 36, 40) === "acsp" ? profile : undefined;
}

/** ICC.1 annex B.4: segments of APP2 behind the beginning of the image. */
function withProfile(jpeg: Buffer, profile: Buffer | undefined): Buffer {
  if (!profile) return jpeg;
  const count = Math.ceil(profile.length / ICC_SEGMENT);
  const segments = Array.from({ length: count }, (_, index) => {
    const part = profile.subarray(index * ICC_SEGMENT, (index + 1) * ICC_SEGMENT);
    const head = Buffer.from([0xff, 0xe2, 0, 0, ...Buffer.from("ICC_PROFILE\0", "latin1"), index + 1, count]);
    head.writeUInt16BE(part.length + 16, 2);
    return Buffer.concat([head, part]);
  });
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}
