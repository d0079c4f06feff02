import { describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { BotenstoffError } from "#src/message/error-code.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { pictureForPaper, scaledPicture } from "#src/rendition/picture.ts";

const RED = { r: 255, g: 0, b: 0 };
const BLUE = { r: 0, g: 0, b: 255 };
const plain = (width: number, height: number, background: object) =>
  sharp({ create: { width, height, channels: 3, background: background as never } });

/** Left half red, right half blue. */
async function twoHalves() {
  const red = await plain(40, 60, RED).png().toBuffer();
  return plain(80, 60, BLUE).composite([{ input: red, left: 0, top: 0 }]);
}

async function colourAt(bytes: Buffer, left: number, top: number): Promise<string> {
  const raw = await sharp(bytes).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer();
  return (raw[0] ?? 0) > 200 ? "red" : (raw[2] ?? 0) > 200 ? "blue" : "other";
}

describe("a picture on paper", () => {
  it("is the very bytes sent where they can be drawn as they are", async () => {
    const jpeg = await (await twoHalves()).jpeg().toBuffer();
    expect((await pictureForPaper(jpeg)).equals(jpeg)).toBe(true);
  });

  it("keeps left and right: a mirrored one is turned before its orientation is dropped", async () => {
    const stored = await (
      await twoHalves()
    )
      .jpeg({ chromaSubsampling: "4:4:4" })
      .withMetadata({ orientation: 2 })
      .toBuffer();
    for (const bytes of [await pictureForPaper(stored), await scaledPicture(stored, 100_000)]) {
      expect((await sharp(bytes).metadata()).orientation).toBeUndefined();
      expect(await colourAt(bytes, 10, 30)).toBe("blue");
      expect(await colourAt(bytes, 70, 30)).toBe("red");
    }
  });

  it("is opaque and without interlacing, whatever was sent", async () => {
    const transparent = sharp({ create: { width: 20, height: 20, channels: 4, background: { ...RED, alpha: 0.5 } } });
    for (const bytes of [
      await transparent.clone().webp().toBuffer(),
      await transparent.png({ progressive: true }).toBuffer(),
    ]) {
      const drawn = await sharp(await pictureForPaper(bytes)).metadata();
      expect(drawn).toMatchObject({ format: "png", hasAlpha: false, isProgressive: false, space: "srgb" });
    }
  });

  it("is refused for good where the bytes are no picture", async () => {
    for (const work of [pictureForPaper(Buffer.from("%PDF-1.7")), scaledPicture(Buffer.from("GIF89a"), 1_000)]) {
      await expect(work).rejects.toMatchObject({ code: "MAPPING_FAILED" });
      await expect(work).rejects.toBeInstanceOf(BotenstoffError);
    }
  });
});

describe("a smaller picture", () => {
  it("has at most the bytes asked for, and the same bytes every time", async () => {
    const large = gradientPng(3_000, 2_000);
    for (const limit of [200_000, 20_000]) {
      const small = await scaledPicture(large, limit);
      expect(small.length).toBeLessThanOrEqual(limit);
      expect((await scaledPicture(large, limit)).equals(small)).toBe(true);
    }
  });

  it("is refused where no size is small enough", async () => {
    await expect(scaledPicture(gradientPng(100, 100), 50)).rejects.toThrow("does not fit into 50 bytes");
  });
});
