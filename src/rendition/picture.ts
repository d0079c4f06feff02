import sharp from "sharp";
import { BotenstoffError } from "#src/message/error-code.ts";

/** Longest edge on paper: 300 dots per inch over the width of an A4 page leave no detail out. */
const PAPER_EDGE = 4_096;
/** Edges tried, from large to small, until a picture is small enough. */
const EDGES = [4_096, 3_072, 2_048, 1_600, 1_280, 1_024, 800, 640, 480, 320];
const QUALITIES = [90, 80, 70];
/** 120 megapixels: what a phone takes, not what a bomb unfolds to. */
const LIMIT_PIXELS = 1.2e8;

/**
 * A picture as PDF/A may hold it: sRGB or grey, upright, opaque. A JPEG that is so already stays as it is, so that the
 * colours of a wound are not compressed twice; orientation is applied before it is dropped, or left would become right.
 * @throws BotenstoffError MAPPING_FAILED when the bytes are no picture
 */
export async function pictureForPaper(bytes: Buffer): Promise<Buffer> {
  return attempt("drawing", async () => {
    const { format, space, orientation, hasProfile, width, height, isProgressive } = await open(bytes).metadata();
    const upright = orientation === undefined || orientation === 1;
    const small = Math.max(width, height) <= PAPER_EDGE;
    const asItIs = upright && small && !hasProfile && !isProgressive && (space === "srgb" || space === "b-w");
    if (format === "jpeg" && asItIs) return bytes;
    const prepared = open(bytes)
      .autoOrient()
      .flatten({ background: "white" })
      .resize({ width: PAPER_EDGE, height: PAPER_EDGE, fit: "inside", withoutEnlargement: true })
      .toColourspace("srgb");
    return format === "jpeg"
      ? prepared.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer()
      : prepared.png({ compressionLevel: 9 }).toBuffer();
  });
}

/**
 * A JPEG of the picture with at most `maxBytes`, as large as that allows; upright, without metadata.
 * @throws BotenstoffError MAPPING_FAILED when the bytes are no picture, or no size is small enough
 */
export async function scaledPicture(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  return attempt("scaling", async () => {
    for (const edge of EDGES) {
      const sized = open(bytes)
        .autoOrient()
        .flatten({ background: "white" })
        .resize({ width: edge, height: edge, fit: "inside", withoutEnlargement: true })
        .toColourspace("srgb");
      for (const quality of QUALITIES) {
        const jpeg = await sized.clone().jpeg({ quality }).toBuffer();
        if (jpeg.length <= maxBytes) return jpeg;
      }
    }
    throw new BotenstoffError("MAPPING_FAILED", `scaling a picture: it does not fit into ${maxBytes} bytes`);
  });
}

function open(bytes: Buffer) {
  return sharp(bytes, { limitInputPixels: LIMIT_PIXELS, failOn: "error" });
}

async function attempt(doing: string, work: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof BotenstoffError) throw cause;
    throw new BotenstoffError("MAPPING_FAILED", `${doing} a picture: its bytes cannot be read as one`, { cause });
  }
}
