import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { BotenstoffError } from "#src/message/error-code.ts";
import { createBlobStore } from "#src/seal/blobs/blob-store.ts";
import { openFrames, sealFrames } from "#src/seal/blobs/frames.ts";
import { pieces } from "../attachments/pictures.ts";
import { EPOCH, filesBelow, isAnywhere, keyringIn, ROW, temporaryDirectory } from "./temporary.ts";

const KEY = createHash("sha256").update("a blob key for tests").digest();
const FRAME = 64 * 1024;
const SEALED_FRAME = FRAME + 28;
const HEADER = 17;

const seal = (...plain: Buffer[]) => buffer(Readable.from(sealFrames(KEY, ROW, plain)));

/** The error code of opening, or the bytes: never anything but the original bytes may come out whole. */
async function open(
  sealed: Buffer,
  how: { key?: Buffer; context?: string; cut?: number } = {},
): Promise<Buffer | string> {
  const { key = KEY, context = ROW, cut = sealed.length || 1 } = how;
  const pieces: Buffer[] = [];
  for (let at = 0; at < sealed.length; at += cut) pieces.push(sealed.subarray(at, at + cut));
  try {
    return await buffer(Readable.from(openFrames(key, context, Readable.from(pieces))));
  } catch (error) {
    return error instanceof BotenstoffError ? error.code : String(error);
  }
}

describe("a sealed stream", () => {
  test.each([0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 7])(
    "of %i bytes opens to itself",
    async (size) => {
      const plain = randomBytes(size);
      const sealed = await seal(plain);
      expect(sealed).toHaveLength(HEADER + size + 28 * Math.max(1, Math.ceil(size / FRAME)));
      expect(plain.equals((await open(sealed)) as Buffer)).toBe(true);
    },
  );

  test("does not depend on how it was cut on its way", async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 90_000 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 11, max: 70_000 }), async (sizes, cut) => {
        const pieces = sizes.map((size) => randomBytes(size));
        const sealed = await seal(...pieces);
        expect(Buffer.concat(pieces).equals((await open(sealed, { cut })) as Buffer)).toBe(true);
      }),
      { numRuns: 25 },
    );
    expect(await open(await seal(Buffer.from("byte by byte")), { cut: 1 })).toEqual(Buffer.from("byte by byte"));
  });

  test("is refused with any byte altered", async () => {
    const small = await seal(Buffer.from("short"));
    for (let index = 0; index < small.length; index += 1) expect(await open(altered(small, index))).toBe("SEAL_BROKEN");
    const large = await seal(randomBytes(2 * FRAME + 100));
    await fc.assert(
      fc.asyncProperty(fc.nat(large.length - 1), async (index) => {
        expect(await open(altered(large, index))).toBe("SEAL_BROKEN");
      }),
      { numRuns: 40 },
    );
  });

  test("is refused cut anywhere, frame boundaries included, or extended", async () => {
    const small = await seal(Buffer.from("short"));
    for (let length = 0; length < small.length; length += 1) {
      expect(await open(small.subarray(0, length))).toBe("SEAL_BROKEN");
    }
    const large = await seal(randomBytes(3 * FRAME));
    for (const frames of [0, 1, 2]) {
      expect(await open(large.subarray(0, HEADER + frames * SEALED_FRAME))).toBe("SEAL_BROKEN");
    }
    expect(await open(Buffer.concat([large, Buffer.from([0])]))).toBe("SEAL_BROKEN");
    expect(await open(Buffer.concat([large, large.subarray(-SEALED_FRAME)]))).toBe("SEAL_BROKEN");
  });

  test("is refused with frames swapped, repeated, dropped or taken from another stream under the same key", async () => {
    const [one, two] = [await seal(randomBytes(4 * FRAME)), await seal(randomBytes(4 * FRAME))];
    const frame = (of: Buffer, index: number) =>
      of.subarray(HEADER + index * SEALED_FRAME, HEADER + (index + 1) * SEALED_FRAME);
    const build = (...frames: Buffer[]) => Buffer.concat([one.subarray(0, HEADER), ...frames]);
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => frame(one, index)) as [Buffer, Buffer, Buffer, Buffer];
    expect(await open(build(a, b, c, d))).toBeInstanceOf(Uint8Array);
    for (const forged of [
      build(b, a, c, d),
      build(a, a, c, d),
      build(a, c, d),
      build(a, b, d),
      build(a, frame(two, 1), c, d),
    ]) {
      expect(await open(forged)).toBe("SEAL_BROKEN");
    }
  });

  test("opens only under its key and its name", async () => {
    const sealed = await seal(Buffer.from("words"));
    expect(await open(sealed, { key: randomBytes(32) })).toBe("SEAL_BROKEN");
    expect(await open(sealed, { context: ROW.replace("0b", "0c") })).toBe("SEAL_BROKEN");
  });
});

describe("the blob store", () => {
  function storeIn(directory: string) {
    const keyring = keyringIn(directory);
    return { keyring, blobs: createBlobStore({ directory: join(directory, "blobs"), keyring }) };
  }
  const failure = (stream: Readable) =>
    buffer(stream).then(
      () => "opened",
      (error: unknown) => (error as BotenstoffError).code,
    );

  test("keeps bytes across a restart and counts them", async () => {
    using directory = temporaryDirectory();
    const plain = randomBytes(200_000);
    const { blobs } = storeIn(directory.path);
    expect(blobs.exists(EPOCH, ROW)).toBe(false);
    expect(await blobs.write(EPOCH, ROW, Readable.from([plain]))).toEqual({ bytes: plain.length });
    const again = storeIn(directory.path).blobs;
    expect(again.exists(EPOCH, ROW)).toBe(true);
    expect(plain.equals(await buffer(again.read(EPOCH, ROW)))).toBe(true);
    expect(await again.epochs()).toEqual([EPOCH]);
  });

  test("gives each of many that are written and read side by side its own bytes", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    const ids = Array.from({ length: 40 }, (_, index) => ROW.slice(0, -2) + String(index + 10));
    const plain = new Map(ids.map((id, index) => [id, randomBytes(index * 40_000)]));
    await Promise.all(ids.map((id) => blobs.write(EPOCH, id, pieces(plain.get(id)!, 50_000))));
    const check = async (id: string) => plain.get(id)!.equals(await buffer(blobs.read(EPOCH, id)));
    const again = (id: string) => blobs.write(EPOCH, id, pieces(plain.get(id)!, 7_000));
    const done = await Promise.all(
      ids.map(async (id) => {
        const first = await check(id);
        await again(id);
        return first && (await check(id));
      }),
    );
    expect(done).toEqual(ids.map(() => true));
  });

  test("writes what was planted nowhere in the clear", async () => {
    using directory = temporaryDirectory();
    const canary = randomBytes(24);
    const { blobs } = storeIn(directory.path);
    const decoy = join(directory.path, "decoy");
    writeFileSync(decoy, canary);
    expect(isAnywhere(directory.path, canary)).toBe(true);
    writeFileSync(decoy, "");
    await blobs.write(EPOCH, ROW, Readable.from([canary]));
    expect(isAnywhere(directory.path, canary)).toBe(false);
  });

  test("leaves nothing behind when the source fails", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    async function* failing() {
      yield randomBytes(100_000);
      throw new Error("the source broke off");
    }
    await expect(blobs.write(EPOCH, ROW, failing())).rejects.toThrow("the source broke off");
    expect(filesBelow(join(directory.path, "blobs"))).toEqual([]);
  });

  test("keeps the former bytes when writing them again fails", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    await blobs.write(EPOCH, ROW, Readable.from([Buffer.from("former")]));
    async function* broken() {
      yield Buffer.from("new");
      throw new Error("the source broke off");
    }
    await expect(blobs.write(EPOCH, ROW, broken())).rejects.toThrow("the source broke off");
    expect((await buffer(blobs.read(EPOCH, ROW))).toString()).toBe("former");
  });

  test("refuses every name that is not a UUID", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    for (const id of ["../keyring/named/seen.key", "", `${ROW}/..`, `${ROW}\n`, ROW.toUpperCase()]) {
      expect(() => blobs.exists(EPOCH, id)).toThrow(BotenstoffError);
      expect(await failure(blobs.read(EPOCH, id))).toBe("SEAL_BROKEN");
      await expect(blobs.write(EPOCH, id, Readable.from([Buffer.from("x")]))).rejects.toThrow(BotenstoffError);
    }
  });

  test("names altered, swapped and missing files", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    const other = ROW.replace("0b", "0c");
    await blobs.write(EPOCH, ROW, Readable.from([Buffer.from("one")]));
    await blobs.write(EPOCH, other, Readable.from([Buffer.from("two")]));
    const [file, swapped] = [ROW, other].map((id) => join(directory.path, "blobs", String(EPOCH), id)) as [
      string,
      string,
    ];
    copyFileSync(file, swapped);
    expect(await failure(blobs.read(EPOCH, other))).toBe("SEAL_BROKEN");
    writeFileSync(file, altered(readFileSync(file), 30));
    expect(await failure(blobs.read(EPOCH, ROW))).toBe("SEAL_BROKEN");
    await blobs.remove(EPOCH, ROW);
    await blobs.remove(EPOCH, ROW);
    expect(await failure(blobs.read(EPOCH, ROW))).toBe("SEAL_BROKEN");
  });

  test("moves a blob to another epoch, where it outlives the first one's purge", async () => {
    using directory = temporaryDirectory();
    const { blobs, keyring } = storeIn(directory.path);
    const later = EPOCH + 86_400;
    const plain = randomBytes(100_000);
    await blobs.write(EPOCH, ROW, Readable.from([plain]));
    await blobs.reseal(ROW, EPOCH, later);
    await blobs.reseal(ROW, EPOCH, later);
    const copy = readFileSync(join(directory.path, "blobs", String(EPOCH), ROW));
    await blobs.removeEpoch(EPOCH);
    keyring.destroyEpochKey(EPOCH);
    expect(await blobs.epochs()).toEqual([later]);
    expect(plain.equals(await buffer(blobs.read(later, ROW)))).toBe(true);
    expect(await open(copy, { key: keyring.openEpochKey(later) })).toBe("SEAL_BROKEN");
  });

  test("answers a read from a purged epoch with an error on the stream, nowhere else", async () => {
    using directory = temporaryDirectory();
    const { blobs, keyring } = storeIn(directory.path);
    await blobs.write(EPOCH, ROW, Readable.from([Buffer.from("words")]));
    await blobs.removeEpoch(EPOCH);
    keyring.destroyEpochKey(EPOCH);
    const uncaught: unknown[] = [];
    const note = (error: unknown) => void uncaught.push(error);
    process.on("uncaughtException", note);
    expect(await failure(blobs.read(EPOCH, ROW))).toBe("EPOCH_KEY_DESTROYED");
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off("uncaughtException", note);
    expect(uncaught).toEqual([]);
  });

  test("keeps a few megabytes of a 50 MB blob in memory, writing or reading", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    const piece = randomBytes(50_000);
    const [wrote, read] = [createHash("sha256"), createHash("sha256")];
    const before = liveBytes();
    let highest = before;
    async function* source() {
      for (let count = 0; count < 1_000; count += 1) {
        wrote.update(piece);
        if (count % 250 === 249) highest = Math.max(highest, liveBytes());
        yield piece;
      }
    }
    expect(await blobs.write(EPOCH, ROW, source())).toEqual({ bytes: 50_000_000 });
    let chunks = 0;
    for await (const chunk of blobs.read(EPOCH, ROW)) {
      read.update(chunk as Buffer);
      if (chunks++ % 250 === 249) highest = Math.max(highest, liveBytes());
    }
    expect(read.digest("hex")).toBe(wrote.digest("hex"));
    // 15 MB under jest, the same for a blob of 200 MB; 8 MB outside it.
    expect(highest - before).toBeLessThan(40_000_000);
  });

  test("lets go of the file when a reader leaves early", async () => {
    using directory = temporaryDirectory();
    const { blobs } = storeIn(directory.path);
    await blobs.write(EPOCH, ROW, Readable.from([randomBytes(1_000_000)]));
    const stream = blobs.read(EPOCH, ROW);
    await once(stream, "readable");
    stream.destroy();
    await once(stream, "close");
    expect(await buffer(blobs.read(EPOCH, ROW))).toHaveLength(1_000_000);
  });
});

function altered(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = copy[index]! ^ 0x40;
  return copy;
}

/** Heap and buffers that are still in use: without collecting first, garbage would be counted. */
function liveBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
