/** Photos and voice messages are mostly smaller. */
const SMALL_BYTES = 512 * 1024;
/** Kept for the next ones; with all attachments that are fetched at once more may be in use. */
const SPARE = 16;

/**
 * Remembers what passes through while it is small: what was just sealed need not be read, opened and copied again to be
 * judged. The memory is used over and over, because buffers that live while an attachment is judged are out of reach of
 * the quick garbage collection.
 */
export class Memory {
  static readonly #spare: Buffer[] = [];
  #buffer: Buffer | undefined = Memory.#spare.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
  #bytes = 0;

  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      if (this.#bytes + piece.length > SMALL_BYTES) this.forget();
      if (this.#buffer) this.#bytes += piece.copy(this.#buffer, this.#bytes);
      yield piece;
    }
  }

  /** What has passed; undefined when it was not small, or is forgotten. To be read before it is forgotten. */
  again(): AsyncIterable<Buffer> | undefined {
    return this.#buffer && once(this.#buffer.subarray(0, this.#bytes));
  }

  /** Gives the memory to the next. */
  forget(): void {
    if (this.#buffer && Memory.#spare.length < SPARE) Memory.#spare.push(this.#buffer);
    this.#buffer = undefined;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- read like a stream
async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
