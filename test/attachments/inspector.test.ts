import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import sharp from "sharp";
import type { BotenstoffError } from "#src/message/error-code.ts";
import { createInspector, type Inspector } from "#src/attachments/inspector.ts";
import { bomb, pdf, picture, pieces, type ImageFormat } from "./pictures.ts";

const never = new AbortController().signal;
let inspector: Inspector;

const open = (bytes: Buffer) => () => pieces(bytes, 60_000);
const verdict = (work: Promise<unknown>) =>
  work.then(
    () => "readable",
    (error: unknown) => (error as BotenstoffError).code,
  );
const image = (bytes: Buffer) => verdict(inspector.image(open(bytes), never));
const document = (bytes: Buffer) => verdict(inspector.pdf(open(bytes), never));

/** The reader processes that are children of this one. */
function readers(): number[] {
  const lines = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" }).split(
    "\n",
  );
  return lines.filter((line) => line.includes("inspector-process")).map((line) => Number.parseInt(line, 10));
}

describe("the process that reads strangers' files", () => {
  beforeEach(() => {
    inspector = createInspector();
  });
  afterEach(() => inspector.close());

  test.each<ImageFormat>(["jpeg", "png", "webp"])("renders a small upright preview of a %s", async (format) => {
    for (const turn of [1, 6]) {
      const bytes = await picture(format, turn);
      const { jpeg, width, height } = await inspector.image(open(bytes), never);
      expect([width, height]).toEqual(turn === 1 ? [48, 32] : [32, 48]);
      expect(await sharp(jpeg).metadata()).toMatchObject({ format: "jpeg", width, height });
      const { dominant } = await sharp(jpeg)
        .extract({ left: width - 8, top: height - 8, width: 8, height: 8 })
        .stats();
      // Bottom right: blue as it lies; turned clockwise by 6, what was top right comes there.
      expect(dominant.b).toBeGreaterThan(dominant.r);
      expect(jpeg.includes("Kanarien")).toBe(false);
    }
  });

  test("makes a large picture small and a transparent one white", async () => {
    const large = await sharp({ create: { width: 3_000, height: 1_500, channels: 4, background: "#0000" } })
      .png()
      .toBuffer();
    const { jpeg, width, height } = await inspector.image(open(large), never);
    expect([width, height]).toEqual([512, 256]);
    expect((await sharp(jpeg).stats()).dominant.r).toBeGreaterThan(240);
  });

  test("refuses a decompression bomb without decoding it", async () => {
    expect(await image(bomb())).toBe("MEDIA_UNREADABLE");
  });

  test("refuses what is damaged, or an image only by name", async () => {
    const jpeg = await picture("jpeg");
    const noise = randomBytes(60_000);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const gif = await sharp(jpeg).gif().toBuffer();
    for (const bytes of [jpeg.subarray(0, jpeg.length - 200), noise, svg, gif, pdf(), Buffer.alloc(0)]) {
      expect(await image(bytes)).toBe("MEDIA_UNREADABLE");
    }
    expect(await image(jpeg)).toBe("readable");
  });

  test("reads a PDF's beginning and end, and refuses what runs by itself", async () => {
    expect(await document(pdf())).toBe("readable");
    expect(await document(Buffer.concat([Buffer.from("\n"), pdf()]))).toBe("readable");
    expect(await document(Buffer.concat([Buffer.from("MZ"), pdf()]))).toBe("MEDIA_UNREADABLE");
    expect(await document(pdf().subarray(0, -20))).toBe("MEDIA_UNREADABLE");
    expect(await document(Buffer.concat([pdf(), Buffer.alloc(2_000)]))).toBe("readable");
    expect(await document(Buffer.concat([pdf(), Buffer.alloc(2_000, 1)]))).toBe("MEDIA_UNREADABLE");
    const traits = (bytes: Buffer) => inspector.pdf(open(bytes), never);
    expect(await traits(pdf("/OpenAction<</S/JavaScript/JS(x)>>"))).toEqual(["javascript", "open_action"]);
    expect(await traits(pdf("/OpenAction<</S/Launch/F(x)>>"))).toEqual(["launch", "open_action"]);
  });

  test("sees active content across a seam, and reads a large document with a small heap", async () => {
    const active = pdf(`/A(${"x".repeat(59_920)})/OpenAction<</S/JavaScript>>`);
    for (const size of [13, 60_000, 59_999]) {
      const work = inspector.pdf(() => pieces(active, size), never);
      expect(await work).toEqual(["javascript", "open_action"]);
    }
    async function* large(): AsyncGenerator<Buffer> {
      yield pdf();
      for (let megabytes = 0; megabytes < 100; megabytes += 1) yield Buffer.alloc(1_000_000, 0x20);
      yield pdf();
    }
    expect(await verdict(inspector.pdf(large, never))).toBe("readable");
  });

  test("is replaced after a death, and a file is blamed only at the second", async () => {
    const jpeg = await picture("jpeg");
    expect(await image(jpeg)).toBe("readable");
    const [first] = readers();
    let opened = 0;
    async function* fatal(): AsyncGenerator<Buffer> {
      opened += 1;
      yield jpeg.subarray(0, 100);
      for (const pid of readers()) process.kill(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield jpeg.subarray(100);
    }
    expect(await verdict(inspector.image(fatal, never))).toBe("MEDIA_UNREADABLE");
    expect(opened).toBe(2);
    expect(await image(jpeg)).toBe("readable");
    expect(readers()).not.toContain(first);
  });

  test("is given up when it takes too long, and when nobody waits any more", async () => {
    const hasty = createInspector({ timeoutMs: 200 });
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.from("%PDF-1.7\n");
      await new Promise((resolve) => setTimeout(resolve, 600));
      yield Buffer.from("late");
    }
    expect(await verdict(hasty.pdf(slow, never))).toBe("MEDIA_UNREADABLE");
    hasty.close();
    await expect(inspector.pdf(slow, AbortSignal.timeout(100))).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("serves more files than it has processes, and leaves none behind", async () => {
    const jpeg = await picture("jpeg");
    expect(new Set(await Promise.all(Array.from({ length: 12 }, () => image(jpeg))))).toEqual(new Set(["readable"]));
    expect(readers()).toHaveLength(2);
    inspector.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(readers()).toHaveLength(0);
    expect(await image(jpeg)).toBe("INSPECTOR_UNAVAILABLE");
  });
});
