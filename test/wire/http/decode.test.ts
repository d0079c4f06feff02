import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { bytesWithin, TooLarge } from "#src/wire/http/body.ts";
import { decoded, UnknownCoding } from "#src/wire/http/decode.ts";

const TEXT = Buffer.from("Grüße aus der Klinik. ".repeat(10_000));
const inPieces = (bytes: Buffer) =>
  Readable.from([bytes.subarray(0, 1), bytes.subarray(1, 100), bytes.subarray(100)], { objectMode: false });

describe("an answer that was compressed unasked", () => {
  it.each([
    ["gzip", gzipSync(TEXT)],
    ["x-gzip", gzipSync(TEXT)],
    ["br", brotliCompressSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["deflate", deflateRawSync(TEXT)],
    ["identity", TEXT],
    ["", TEXT],
    ["deflate, gzip", gzipSync(deflateSync(TEXT))],
  ])("is read whole where it is %s", async (coding, bytes) => {
    expect((await buffer(decoded(inPieces(bytes), coding))).equals(TEXT)).toBe(true);
  });

  it.each([
    ["gzip", gzipSync(TEXT)],
    ["br", brotliCompressSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["deflate", deflateRawSync(TEXT)],
  ])("is no answer where its %s is cut short", async (coding, bytes) => {
    await expect(buffer(decoded(inPieces(bytes.subarray(0, -20)), coding))).rejects.toThrow();
  });

  it("is no answer where it is coded in a way nobody asked for or knows", () => {
    expect(() => decoded(inPieces(TEXT), "zstd")).toThrow(UnknownCoding);
  });

  it("is cut off where it grows beyond what is read of it", async () => {
    const bomb = inPieces(gzipSync(Buffer.alloc(50_000_000)));
    await expect(bytesWithin(decoded(bomb, "gzip"), 1_000_000)).rejects.toThrow(TooLarge);
    expect(bomb.destroyed).toBe(true);
  });
});
