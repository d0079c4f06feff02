import { afterAll, describe, expect, test } from "@jest/globals";
import sharp from "sharp";
import { createInspector } from "#src/attachments/inspector.ts";
import { strip } from "#src/attachments/strip.ts";
import { HEIC, HEIC_CANARY } from "./heic-picture.ts";
import { collect, pieces } from "./pictures.ts";

const inspector = createInspector({ processes: 1 });
afterAll(() => inspector.close());
const stripped = (bytes: Buffer, size = 65_536) => collect(strip("image/heic", () => pieces(bytes, size)));
const rendered = (bytes: Buffer) => inspector.heic(() => pieces(bytes, 65_536), new AbortController().signal);

describe("a phone's HEIC", () => {
  test("says nothing about where and with what, and shows the same", async () => {
    const after = await stripped(HEIC);
    expect(HEIC.includes(HEIC_CANARY)).toBe(true);
    expect(after.includes(HEIC_CANARY)).toBe(false);
    expect(after.length).toBe(HEIC.length);
    expect((await rendered(after)).jpeg.equals((await rendered(HEIC)).jpeg)).toBe(true);
  });

  test("is the same however the bytes arrive, and stripping it again changes nothing", async () => {
    const whole = await stripped(HEIC);
    for (const size of [1, 7, 64, 500]) expect((await stripped(HEIC, size)).equals(whole)).toBe(true);
    expect((await stripped(whole)).equals(whole)).toBe(true);
  });

  test("is rendered upright as a JPEG without metadata", async () => {
    const { jpeg, width, height } = await rendered(HEIC);
    expect([width, height]).toEqual([48, 64]);
    const seen = await sharp(jpeg).metadata();
    expect(seen).toMatchObject({ format: "jpeg", width: 48, height: 64 });
    expect(seen.exif).toBeUndefined();
  });

  test("loses unknown boxes behind it, and is refused with a film there", async () => {
    const box = (name: string) => Buffer.concat([Buffer.from([0, 0, 0, 20]), Buffer.from(`${name}${HEIC_CANARY}!`)]);
    expect((await stripped(Buffer.concat([HEIC, box("uuid")]))).includes(HEIC_CANARY)).toBe(false);
    await expect(stripped(Buffer.concat([HEIC, box("mpvd")]))).rejects.toThrow("a film is hidden behind");
  });

  test("is refused wherever it is cut off", async () => {
    for (const end of [20, 100, 300, 500]) {
      const cut = HEIC.subarray(0, end);
      await expect(stripped(cut).then(rendered)).rejects.toMatchObject({ code: "MEDIA_UNREADABLE" });
    }
  });
});
