import { BotenstoffError } from "#src/message/error-code.ts";

/** Reads a stream of bytes piece by piece with constant memory; closes it when it is left before its end. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #buffered: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to `count` bytes from here on, which stay unread; fewer only at the end. */
  async peek(count: number): Promise<Buffer> {
    while (this.#buffered.length < count) {
      const next = await this.#source.next();
      if (next.done) break;
      this.#buffered = this.#buffered.length === 0 ? next.value : Buffer.concat([this.#buffered, next.value]);
    }
    return this.#buffered.subarray(0, count);
  }

  /** Exactly `count` bytes. @throws BotenstoffError MEDIA_UNREADABLE when there are fewer */
  async take(count: number): Promise<Buffer> {
    const taken = await this.peek(count);
    if (taken.length < count) throw unreadable("it ends too early");
    this.#buffered = this.#buffered.subarray(count);
    return taken;
  }

  /** The next piece of whatever size, undefined at the end. */
  async chunk(): Promise<Buffer | undefined> {
    if (this.#buffered.length > 0) {
      const chunk = this.#buffered;
      this.#buffered = Buffer.alloc(0);
      return chunk;
    }
    const next = await this.#source.next();
    return next.done ? undefined : next.value;
  }

  /** Puts bytes back in front of what comes next. */
  unread(bytes: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? bytes : Buffer.concat([bytes, this.#buffered]);
  }

  /** Passes exactly `count` bytes on. @throws BotenstoffError MEDIA_UNREADABLE when there are fewer */
  async *pass(count: number): AsyncGenerator<Buffer> {
    let open = count;
    while (open > 0) {
      const chunk = await this.chunk();
      if (chunk === undefined) throw unreadable("it ends too early");
      if (chunk.length > open) this.unread(chunk.subarray(open));
      yield chunk.subarray(0, open);
      open -= Math.min(open, chunk.length);
    }
  }

  /** Reads over `count` bytes. @throws BotenstoffError MEDIA_UNREADABLE when there are fewer */
  async skip(count: number): Promise<void> {
    const passing = this.pass(count);
    while (!(await passing.next()).done);
  }

  /** Everything from here to the end; closes the source in any case. */
  async *rest(): AsyncGenerator<Buffer> {
    try {
      for (let chunk = await this.chunk(); chunk !== undefined; chunk = await this.chunk()) yield chunk;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

export function unreadable(why: string): BotenstoffError {
  return new BotenstoffError("MEDIA_UNREADABLE", `reading an attachment: ${why}`);
}
