import { randomBytes, type KeyObject } from "node:crypto";
import { open } from "node:fs/promises";
import { Transform, type TransformCallback } from "node:stream";
import { BotenstoffError } from "#src/message/error-code.ts";
import { decrypt, encrypt, NONCE_BYTES, subkeyObject, TAG_BYTES } from "./cipher.ts";

const VERSION = 1;
const SALT_BYTES = 16;
const HEADER_BYTES = 1 + SALT_BYTES;
/** Plain bytes per frame: small enough to stream, large enough that 28 bytes of nonce and tag do not count. */
const FRAME_BYTES = 64 * 1024;
const SEALED_FRAME_BYTES = FRAME_BYTES + NONCE_BYTES + TAG_BYTES;

/**
 * Seals a stream of any length in frames with constant memory: version ‖ salt ‖ frames. A frame's place (counter, last
 * or not) is its additional data, so truncating, reordering and extending are all noticed. `context` names the blob.
 */
export function sealFrames(key: Buffer, context: string): Transform {
  const salt = randomBytes(SALT_BYTES);
  const streamKey = subkeyObject(key, `blob ${salt.toString("hex")}`);
  const frame = (bytes: Buffer, index: number, last: boolean) => encrypt(streamKey, bytes, place(context, index, last));
  return chunked(FRAME_BYTES, {
    start: Buffer.concat([Buffer.from([VERSION]), salt]),
    full: (bytes, index) => frame(bytes, index, false),
    last: (bytes, index) => frame(bytes, index, true),
  });
}

/** Opens what `sealFrames` made; fails with SEAL_BROKEN at the first frame that does not fit. */
export function openFrames(key: Buffer, context: string): Transform {
  let streamKey: KeyObject | undefined;
  let header = Buffer.alloc(0);
  const frame = (bytes: Buffer, index: number, last: boolean) => {
    if (!streamKey) throw cut();
    return decrypt(streamKey, bytes, place(context, index, last));
  };
  const body = {
    full: (b: Buffer, i: number) => frame(b, i, false),
    last: (b: Buffer, i: number) => frame(b, i, true),
  };
  return chunked(SEALED_FRAME_BYTES, body, (chunk) => {
    if (streamKey) return chunk;
    header = Buffer.concat([header, chunk]);
    if (header.length < HEADER_BYTES) return Buffer.alloc(0);
    if (header[0] !== VERSION) throw new BotenstoffError("SEAL_BROKEN", "opening a blob: unknown format version");
    streamKey = subkeyObject(key, `blob ${header.subarray(1, HEADER_BYTES).toString("hex")}`);
    return header.subarray(HEADER_BYTES);
  });
}

/** Reads a sealed file header first and then a frame at a time, which spares `openFrames` a copy of each. */
export async function* readSealed(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    for (let size = HEADER_BYTES; ; size = SEALED_FRAME_BYTES) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(size), 0, size);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

interface FrameWork {
  readonly start?: Buffer;
  full(bytes: Buffer, index: number): Buffer;
  last(bytes: Buffer, index: number): Buffer;
}

/** Cuts a stream into frames of `size`; the last one, possibly empty or full, is told apart. */
function chunked(size: number, work: FrameWork, strip: (chunk: Buffer) => Buffer = (chunk) => chunk): Transform {
  let pending: Buffer[] = [];
  let length = 0;
  let index = 0;
  const take = (bytes: number): Buffer => {
    length -= bytes;
    const [first] = pending;
    if (first && first.length >= bytes) {
      pending[0] = first.subarray(bytes);
      return first.subarray(0, bytes);
    }
    const all = Buffer.concat(pending);
    pending = [all.subarray(bytes)];
    return all.subarray(0, bytes);
  };
  const guarded = (done: TransformCallback, action: () => void) => {
    try {
      action();
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  return new Transform({
    construct(done) {
      if (work.start) this.push(work.start);
      done();
    },
    transform(chunk: Buffer, _encoding, done) {
      guarded(done, () => {
        const bytes = strip(chunk);
        pending = pending.filter((piece) => piece.length > 0);
        pending.push(bytes);
        length += bytes.length;
        // A frame is only known not to be the last once more follows.
        while (length > size) this.push(work.full(take(size), index++));
      });
    },
    flush(done) {
      guarded(done, () => this.push(work.last(take(length), index)));
    },
  });
}

function place(context: string, index: number, last: boolean): Buffer {
  return Buffer.from(`${context}|${index}|${last ? "last" : "more"}`, "utf8");
}

function cut(): BotenstoffError {
  return new BotenstoffError("SEAL_BROKEN", "opening a blob: it was cut short");
}
