import { giveSlab, SLAB_BYTES, takeSlab } from "#src/seal/blobs/slab.ts";

/**
 * Remembers what passes through while it is small, as most photos and voice messages are: what was just sealed need not be
 * read, opened and copied again to be judged.
 */
export class Memory {
  #slab: Buffer | undefined = takeSlab();
  #bytes = 0;

  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      if (this.#bytes + piece.length > SLAB_BYTES) this.forget();
      if (this.#slab) this.#bytes += piece.copy(this.#slab, this.#bytes);
      yield piece;
    }
  }

  /** What has passed; undefined when it was not small, or is forgotten. To be read before it is forgotten. */
  again(): AsyncIterable<Buffer> | undefined {
    return this.#slab && once(this.#slab.subarray(0, this.#bytes));
  }

  /** Gives the memory to the next, without what was in it. */
  forget(): void {
    if (this.#slab) giveSlab(this.#slab.fill(0, 0, this.#bytes));
    this.#slab = undefined;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- read like a stream
async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
