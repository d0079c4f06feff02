import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";

const LIMIT = 1 << 20;
const MESSAGE = "MSH|^~\\&|KIS\rPID|1\r";

function framed(...messages: (string | Buffer)[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [FRAME_START, Buffer.from(message), FRAME_END]));
}

function decode(...chunks: (string | Buffer)[]): { messages: string[]; decoder: FrameDecoder } {
  const decoder = new FrameDecoder(LIMIT);
  const messages = chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk))).map((frame) => frame.toString());
  return { messages, decoder };
}

/** What a frame may hold: anything but VT and FS, and not the one byte of a commit block. */
const content = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0b || byte === 0x1c ? 0x0d : byte))))
  .filter((bytes) => bytes.length > 1 || ![0x06, 0x15].includes(bytes[0]!));

test("any split of any sequence of frames decodes to the same messages", () => {
  fc.assert(
    fc.property(fc.array(content, { maxLength: 6 }), fc.array(fc.nat(400), { maxLength: 20 }), (messages, cuts) => {
      const stream = framed(...messages);
      const places = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
      const decoder = new FrameDecoder(LIMIT);
      const frames = places.slice(1).flatMap((end, index) => decoder.push(stream.subarray(places[index], end)));
      expect(frames.map((frame) => frame.toString("hex"))).toEqual(messages.map((message) => message.toString("hex")));
      expect({ skipped: decoder.skipped, partial: decoder.partial }).toEqual({ skipped: 0, partial: false });
    }),
  );
});

test("a stream cut at every byte decodes like one that comes whole, whatever is wrong with it", () => {
  const broken = fc
    .array(fc.constantFrom("\x0b", "\x1c", "\x1c\r", "\r", "\n", "M", "MS", "MSH|", "x", "\x06", "\x15"), {
      maxLength: 30,
    })
    .map((pieces) => Buffer.from(pieces.join("")));
  fc.assert(
    fc.property(broken, (stream) => {
      const whole = decode(stream);
      const bytewise = decode(...Array.from(stream, (byte) => Buffer.from([byte])));
      expect(bytewise.messages).toEqual(whole.messages);
      expect(bytewise.decoder.skipped).toBe(whole.decoder.skipped);
      expect(bytewise.decoder.partial).toBe(whole.decoder.partial);
    }),
    { numRuns: 500 },
  );
});

test("one and a half frames give one message now and the other when its rest has come", () => {
  const stream = framed("first", "second");
  const decoder = new FrameDecoder(LIMIT);
  expect(decoder.push(stream.subarray(0, 11)).map(String)).toEqual(["first"]);
  expect(decoder.partial).toBe(true);
  expect(decoder.push(stream.subarray(11)).map(String)).toEqual(["second"]);
  expect(decoder.partial).toBe(false);
});

test("the CR after FS may be missing, or come with the next read", () => {
  expect(decode("\x0bone\x1c", "\x0btwo\x1c\r").messages).toEqual(["one", "two"]);
  expect(decode("\x0bone\x1c", "\r\x0btwo\x1c\r").messages).toEqual(["one", "two"]);
});

test("VT may be missing before a message, at the start and between two", () => {
  expect(decode(`${MESSAGE}\x1c\r${MESSAGE}\x1c\r`).messages).toEqual([MESSAGE, MESSAGE]);
  expect(decode("\x0bone\x1c\rM", "S", `H${MESSAGE.slice(3)}\x1c\r`).messages).toEqual(["one", MESSAGE]);
});

test("bytes before a frame are skipped and counted, line ends are not", () => {
  const { messages, decoder } = decode(`noise\r\n`, framed(MESSAGE), "\r\n", "MSX", framed("two"));
  expect(messages).toEqual([MESSAGE, "two"]);
  expect(decoder.skipped).toBe("noiseMSX".length);
});

test("a header in the middle of noise begins no message", () => {
  expect(decode(`noise ${MESSAGE}`, framed("two")).messages).toEqual(["two"]);
});

test("a frame that begins inside another replaces it: two halves never become one message", () => {
  const { messages, decoder } = decode("\x0bbroken off", "\x0bwhole\x1c\r");
  expect(messages).toEqual(["whole"]);
  expect(decoder.skipped).toBeGreaterThan(0);
});

test("commit blocks of one byte are no messages; the negative one is counted", () => {
  const { messages, decoder } = decode("\x0b\x06\x1c\r", framed("one"), "\x0b\x15\x1c\r", "\x0b\x1c\r");
  expect(messages).toEqual(["one"]);
  expect(decoder.negativeCommits).toBe(1);
});

test("a frame over the limit is refused as soon as it passes it, wherever it is split", () => {
  const decoder = new FrameDecoder(10);
  expect(decoder.push(framed("x".repeat(10))).map(String)).toEqual(["x".repeat(10)]);
  expect(decoder.push(Buffer.from("\x0b12345"))).toEqual([]);
  expect(() => decoder.push(Buffer.from("678901"))).toThrow("longer than 10 bytes");
});
