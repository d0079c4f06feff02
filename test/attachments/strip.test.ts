import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import sharp from "sharp";
import { strip } from "#src/attachments/strip.ts";
import { CANARY, collect, pdf, picture, pieces, shown, stored, zip, type ImageFormat } from "./pictures.ts";

const FORMATS: readonly ImageFormat[] = ["jpeg", "png", "webp"];

const stripped = (format: ImageFormat, bytes: Buffer, size = 65_536) =>
  collect(strip(`image/${format}`, () => pieces(bytes, size)));

describe.each(FORMATS)("a %s without its metadata", (format) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "is still shown as before with orientation %i, no pixel changed",
    async (turn) => {
      const before = await picture(format, turn);
      const after = await stripped(format, before);
      expect(await stored(after)).toEqual(await stored(before));
      expect(await shown(after)).toEqual(await shown(before));
      expect((await sharp(after).metadata()).orientation ?? 1).toBe(turn);
    },
  );

  test("says nothing about who took it, where and with what", async () => {
    const before = await picture(format, 6);
    const after = await stripped(format, before);
    expect(before.includes(CANARY)).toBe(true);
    for (const word of [CANARY, "Kanarien", "GPS", "xmpmeta", "http"]) expect(after.includes(word)).toBe(false);
    const { exif, xmp } = await sharp(after).metadata();
    expect(xmp).toBeUndefined();
    // TIFF header, one entry, no more: 26 bytes, in a JPEG behind six of prefix.
    expect(exif?.length).toBeLessThanOrEqual(32);
  });

  test("keeps its colour profile", async () => {
    const before = await picture(format, 1, true);
    const after = await stripped(format, before);
    expect((await sharp(after).metadata()).icc).toEqual((await sharp(before).metadata()).icc);
  });

  test("is the same however the bytes arrive, and stripping it again changes nothing", async () => {
    const before = await picture(format, 5);
    const whole = await stripped(format, before);
    for (const size of [1, 2, 3, 7, 64, 1_000]) expect(await stripped(format, before, size)).toEqual(whole);
    expect(await stripped(format, whole)).toEqual(whole);
  });

  test("ends where the picture ends", async () => {
    const before = await picture(format);
    const whole = await stripped(format, before);
    const behind = [Buffer.from(CANARY), Buffer.alloc(100), await picture("jpeg")];
    for (const more of behind) expect(await stripped(format, Buffer.concat([before, more]))).toEqual(whole);
  });

  test("is refused with another kind of file behind it", async () => {
    const before = await picture(format);
    for (const more of [
      zip(),
      pdf(),
      Buffer.from("<script>alert(1)</script>"),
      Buffer.from("\n<?xml version='1.0'?>"),
    ]) {
      await expect(stripped(format, Buffer.concat([before, more]))).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
    }
  });

  test("is refused when it is cut off anywhere", async () => {
    const whole = await stripped(format, await picture(format, 3));
    for (let length = 0; length < whole.length; length += Math.max(1, Math.floor(whole.length / 97))) {
      await expect(stripped(format, whole.subarray(0, length))).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
    }
  });

  test("of broken bytes is refused by name or harmless, never an unknown error", async () => {
    const before = await picture(format, 4);
    await fc.assert(
      fc.asyncProperty(fc.nat(before.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const broken = Buffer.from(before);
        broken[at] = (broken[at] ?? 0) ^ flip;
        const code = await stripped(format, broken).then(
          () => "stripped",
          (error: unknown) => (error as { code?: string }).code,
        );
        expect(["stripped", "MEDIA_UNREADABLE"]).toContain(code);
      }),
      { numRuns: 150 },
    );
  });
});

describe("a JPEG", () => {
  test("loses thumbnails, comments and vendor segments, keeps the Adobe colour transform", async () => {
    const cmyk = await sharp(await picture("jpeg"))
      .toColourspace("cmyk")
      .jpeg()
      .toBuffer();
    const segment = (marker: number, text: string) => {
      const body = Buffer.from(text, "latin1");
      return Buffer.concat([Buffer.from([0xff, marker, 0, body.length + 2]), body]);
    };
    const thumbnail = `JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01${CANARY.slice(0, 3)}`;
    const rich = Buffer.concat([
      cmyk.subarray(0, 2),
      segment(0xe0, thumbnail),
      segment(0xe0, `JFXX\0\x13${CANARY}`),
      segment(0xfe, CANARY),
      segment(0xed, `Photoshop 3.0\0${CANARY}`),
      segment(0xe2, `MPF\0${CANARY}`),
      segment(0xe5, CANARY),
      cmyk.subarray(2),
    ]);
    const after = await stripped("jpeg", rich);
    expect(after.includes("Kan")).toBe(false);
    expect(after.includes("Adobe")).toBe(true);
    expect(await stored(after)).toEqual(await stored(cmyk));
  });

  test("of several scans and with restart markers is copied whole", async () => {
    const noise = await sharp({
      create: {
        width: 300,
        height: 200,
        channels: 3,
        background: "#888",
        noise: { type: "gaussian", mean: 128, sigma: 60 },
      },
    })
      .jpeg({ progressive: true, quality: 90 })
      .toBuffer();
    const after = await stripped("jpeg", noise, 11);
    expect(await stored(after)).toEqual(await stored(noise));
  });
});
