import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BotenstoffError } from "#src/message/error-code.ts";
import { tellingOf, withoutTelling } from "#src/attachments/strip-film.ts";
import { box, film, PLACE } from "./film.ts";
import { collect, pieces } from "./pictures.ts";

async function stripped(bytes: Buffer, size = 10_000): Promise<Buffer> {
  const blanks = await tellingOf(() => pieces(bytes, size));
  return collect(withoutTelling(pieces(bytes, size), blanks));
}

describe("a film without what it says of its making", () => {
  test.each([true, false])(
    "says nothing of place and camera, and keeps every offset (description last: %s)",
    async (last) => {
      const before = film({ descriptionLast: last });
      const after = await stripped(before);
      expect(after).toHaveLength(before.length);
      for (const word of [PLACE, "Kamera", "Kanarienvogel", "ISO6709", "xyz"]) {
        expect(before.includes(word)).toBe(true);
        expect(after.includes(word)).toBe(false);
      }
      for (const kept of ["tkhd", "mvhd", "stsd", "avc1", "mdat"])
        expect(after.indexOf(kept)).toBe(before.indexOf(kept));
      const samples = (bytes: Buffer) => bytes.subarray(bytes.indexOf("mdat"), bytes.indexOf("mdat") + 30_004);
      expect(samples(after).equals(samples(before))).toBe(true);
      expect(await tellingOf(() => pieces(after, 999))).toEqual([]);
    },
  );

  test("is the same however the bytes arrive", async () => {
    const before = film();
    const whole = await stripped(before);
    const small = film({ bytes: 900 });
    expect((await stripped(small, 7)).equals(await stripped(small))).toBe(true);
    for (const size of [1_000, 65_536]) expect((await stripped(before, size)).equals(whole)).toBe(true);
  });

  test.each([
    ["has nothing to take out", film({ telling: false })],
    ["ends before its last box does", film({ telling: false }).subarray(0, -5_000)],
    ["has padding behind it", Buffer.concat([film({ telling: false }), Buffer.alloc(3)])],
    ["has a last box without an end", Buffer.concat([film({ telling: false }), Buffer.from("\0\0\0\0mdat", "latin1")])],
  ])("stays as it is where it %s", async (_why, bytes) => {
    const front = film({ telling: false, descriptionLast: false });
    const one = bytes.length < front.length ? front.subarray(0, -5_000) : bytes;
    expect((await stripped(one)).equals(one)).toBe(true);
  });

  test.each(["gpmd", "camm"])("is held where a track tells places: %s", async (samples) => {
    await expect(stripped(film({ samples }))).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
  });

  test("is held where a box reaches beyond the one it is in", async () => {
    const bytes = Buffer.concat([
      box("ftyp", "isom"),
      box("moov", box("trak", "").subarray(0, 4), "trak\0\0\xff\xffudta"),
    ]);
    bytes.writeUInt32BE(60_000, bytes.indexOf("trak") - 4);
    await expect(stripped(bytes)).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
  });

  test("is held where it is nested, or says more, than any film", async () => {
    let nested = box("udta", PLACE);
    for (let depth = 0; depth < 50; depth++) nested = box("trak", nested);
    await expect(stripped(box("moov", nested))).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
    const many = Buffer.concat(Array.from({ length: 5_000 }, () => box("udta", "x")));
    await expect(stripped(box("moov", many))).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
  });

  test("of any bytes is either as long as before, or held", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.nat(300), async (noise, at) => {
        const bytes = film({ descriptionLast: false, bytes: 500 });
        Buffer.from(noise).copy(bytes, at);
        const after = await stripped(bytes).catch((error: unknown) => error);
        if (Buffer.isBuffer(after)) expect(after).toHaveLength(bytes.length);
        else expect(after).toBeInstanceOf(BotenstoffError);
      }),
      { numRuns: 100 },
    );
  });
});
