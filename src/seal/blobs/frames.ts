import { randomBytes, type KeyObject } from "node:crypto";
import { closeSync, open, read } from "node:fs";
import { promisify } from "node:util";
import { BotenstoffError } from "#src/message/error-code.ts";
import { decrypt, encryptPieces, NONCE_BYTES, subkeyObject, TAG_BYTES } from "../cipher.ts";
import { giveSlab, SLAB_BYTES, takeSlab } from "./slab.ts";

const VERSION = 1;
const SALT_BYTES = 16;
const HEADER_BYTES = 1 + SALT_BYTES;
/** Plain bytes per frame: small enough to stream, large enough that 28 bytes of nonce and tag do not count. */
const FRAME_BYTES = 64 * 1024;
const SEALED_FRAME_BYTES = FRAME_BYTES + NONCE_BYTES + TAG_BYTES;
/** As many sealed frames as half a slab takes. */
const READ_BYTES = Math.floor(SLAB_BYTES / 2 / SEALED_FRAME_BYTES) * SEALED_FRAME_BYTES;
/** A header and as many as fit behind it: all there is of most pictures. */
const FIRST_BYTES = HEADER_BYTES + Math.floor((SLAB_BYTES - HEADER_BYTES) / SEALED_FRAME_BYTES) * SEALED_FRAME_BYTES;

/**
 * Seals a stream of any length in frames with constant memory: version ‖ salt ‖ frames. A frame's place (counter, last
 * or not) is its additional data, so truncating, reordering and extending are all noticed. `context` names the blob.
 * Yields the pieces of a frame as they are made: putting them together would be a copy of everything.
 */
export async function* sealFrames(
  key: Buffer,
  context: string,
  plain: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  const streamKey = subkeyObject(key, `blob ${salt.toString("hex")}`);
  yield Buffer.concat([Buffer.from([VERSION]), salt]);
  for await (const { pieces, index, last } of cut(plain, FRAME_BYTES)) {
    yield* encryptPieces(streamKey, pieces, place(context, index, last));
  }
}

/** Opens what `sealFrames` made, however it was cut; fails with SEAL_BROKEN at the first frame that does not fit. */
export async function* openFrames(key: Buffer, context: string, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let streamKey: KeyObject | undefined;
  const body = withoutHeader(sealed, (salt) => (streamKey = subkeyObject(key, `blob ${salt.toString("hex")}`)));
  for await (const { pieces, index, last } of cut(body, SEALED_FRAME_BYTES)) {
    if (!streamKey) throw cutShort();
    yield decrypt(streamKey, whole(pieces), place(context, index, last));
  }
}

const opening = promisify(open);
const reading = promisify(read);

/** Opens a file of what `sealFrames` made, as `openFrames` does. */
export async function* openFile(key: Buffer, context: string, path: string): AsyncGenerator<Buffer> {
  const file = await opening(path, "r");
  const slab = takeSlab();
  try {
    yield* openFrames(key, context, readSealed(file, slab));
  } finally {
    // Nothing was written: closing waits for no disk, and a thread of its own would cost more.
    closeSync(file);
    giveSlab(slab);
  }
}

/**
 * Reads a sealed file in header and whole frames, which spares `openFrames` a copy of each. What fits into a slab comes in
 * one call. Of a longer file the rest comes in the first two parts of the slab, in turns: `openFrames` looks one frame
 * ahead, and that frame is never in the part that is filled next.
 */
async function* readSealed(file: number, slab: Buffer): AsyncGenerator<Buffer> {
  const fill = async (part: Buffer) => part.subarray(0, (await reading(file, part, 0, part.length, null)).bytesRead);
  const first = await fill(slab.subarray(0, FIRST_BYTES));
  yield first.subarray(0, HEADER_BYTES);
  if (first.length > HEADER_BYTES) yield first.subarray(HEADER_BYTES);
  // Less than asked for is the end of a file.
  if (first.length < FIRST_BYTES) return;
  const parts = [slab.subarray(0, READ_BYTES), slab.subarray(READ_BYTES, 2 * READ_BYTES)] as const;
  for (let turn: 0 | 1 = 0; ; turn = turn === 0 ? 1 : 0) {
    const frames = await fill(parts[turn]);
    if (frames.length > 0) yield frames;
    if (frames.length < READ_BYTES) return;
  }
}

interface Frame {
  readonly pieces: readonly Buffer[];
  readonly index: number;
  readonly last: boolean;
}

/** Cuts a stream into frames of `size`; the last one, possibly empty or full, is told apart. */
async function* cut(source: AsyncIterable<Buffer> | Iterable<Buffer>, size: number): AsyncGenerator<Frame> {
  let pieces: Buffer[] = [];
  let open = size;
  let index = 0;
  for await (let chunk of source) {
    while (chunk.length > 0) {
      // A frame is only known not to be the last once more follows.
      if (open === 0) {
        yield { pieces, index: index++, last: false };
        pieces = [];
        open = size;
      }
      const piece = chunk.subarray(0, open);
      pieces.push(piece);
      open -= piece.length;
      chunk = chunk.subarray(piece.length);
    }
  }
  yield { pieces, index, last: true };
}

/** Passes on what follows the header, and tells the salt in it first. */
async function* withoutHeader(sealed: AsyncIterable<Buffer>, told: (salt: Buffer) => void): AsyncGenerator<Buffer> {
  let header: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of sealed) {
    if (!header) {
      yield chunk;
      continue;
    }
    header = Buffer.concat([header, chunk]);
    if (header.length < HEADER_BYTES) continue;
    if (header[0] !== VERSION) throw new BotenstoffError("SEAL_BROKEN", "opening a blob: unknown format version");
    told(header.subarray(1, HEADER_BYTES));
    yield header.subarray(HEADER_BYTES);
    header = undefined;
  }
}

function whole(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return first && pieces.length === 1 ? first : Buffer.concat(pieces);
}

function place(context: string, index: number, last: boolean): Buffer {
  return Buffer.from(`${context}|${index}|${last ? "last" : "more"}`, "utf8");
}

function cutShort(): BotenstoffError {
  return new BotenstoffError("SEAL_BROKEN", "opening a blob: it was cut short");
}
