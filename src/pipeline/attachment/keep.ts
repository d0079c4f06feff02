import type { BlobStore } from "#src/seal/blob-store.ts";
import { Meter, type Measured } from "./meter.ts";

/** Photos and voice messages are mostly smaller; with all that are fetched at once this bounds the memory. */
const SMALL_BYTES = 512 * 1024;

/** Bytes that lie sealed in a blob. */
export interface Kept extends Measured {
  /** The bytes once more: from memory while they are few, from their blob otherwise. */
  readonly open: () => AsyncIterable<Buffer>;
}

/**
 * Streams bytes into a sealed blob with constant memory and measures them on the way. Durable when it resolves; whatever
 * the stream fails with, nothing remains.
 */
export async function keep(
  blobs: BlobStore,
  epoch: number,
  blob: string,
  source: AsyncIterable<Buffer>,
): Promise<Kept> {
  const meter = new Meter();
  const memory = new Memory();
  await blobs.write(epoch, blob, meter.through(memory.through(source)));
  return { ...meter.measured(), open: () => memory.again() ?? blobs.read(epoch, blob) };
}

/** Remembers what passes through while it is small: what was just written need not be read, opened and copied again. */
class Memory {
  #pieces: Buffer[] | undefined = [];
  #bytes = 0;

  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      this.#bytes += piece.length;
      if (this.#bytes > SMALL_BYTES) this.#pieces = undefined;
      this.#pieces?.push(piece);
      yield piece;
    }
  }

  again(): AsyncIterable<Buffer> | undefined {
    return this.#pieces && inOrder(this.#pieces);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- read like a stream
async function* inOrder(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
