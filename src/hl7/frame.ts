import { BotenstoffError } from "#src/message/error-code.ts";

/** Minimal Lower Layer Protocol (HL7 v2.5.1 appendix C.3): VT, message, FS, CR. */
const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;
const LF = 0x0a;
/** Commit blocks of MLLP release 2 hold one byte: they acknowledge transport, not content, and carry no message. */
const COMMIT_ACK = 0x06;
const COMMIT_NAK = 0x15;
/** What a sender that forgets VT begins with. */
const HEADER = Buffer.from("MSH");
/** More than any MSH has. */
const HEAD = 8 * 1024;

export const FRAME_START = Buffer.from([VT]);
export const FRAME_END = Buffer.from([FS, CR]);

/**
 * Cuts a byte stream into messages, however it is split. The CR after FS may be missing, and so may VT before a message
 * that begins with MSH right where one is due; other bytes outside a frame are skipped and counted. VT inside a frame
 * begins anew: the sender broke off, and the two must not become one message.
 * Every byte is looked at a constant number of times, so a message costs time linear in its length.
 */
export class FrameDecoder {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;
  #inside = false;
  /** Outside a frame: whether nothing but line ends came since the last one. */
  #due = true;
  /** Outside a frame: how many bytes of HEADER have come. */
  #matched = 0;
  /** Bytes that belonged to no whole frame, line ends between frames not counted. */
  skipped = 0;
  /** Commit blocks that said no. */
  negativeCommits = 0;

  /** @param limit largest message taken, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The beginning of the frame that has not ended, for whoever must say what is wrong with it. */
  get head(): Buffer {
    return Buffer.concat(this.#parts, Math.min(this.#length, HEAD));
  }

  /** Whether a frame has begun and not ended. */
  get partial(): boolean {
    return this.#inside || this.#matched > 0;
  }

  /** @throws BotenstoffError HL7_MALFORMED when a frame passes the limit: the connection must be closed */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inside) {
        at = this.#begin(chunk, at);
        continue;
      }
      const end = chunk.indexOf(FS, at);
      this.#keep(chunk.subarray(at, end < 0 ? chunk.length : end));
      if (end < 0) break;
      const frame = this.#take();
      if (frame.length === 1 && frame[0] === COMMIT_NAK) this.negativeCommits += 1;
      else if (!isEmpty(frame)) frames.push(frame);
      at = end + 1;
    }
    return frames;
  }

  /** Looks for the next frame. @returns where to read on */
  #begin(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === VT) {
        this.skipped += this.#matched;
        this.#inside = true;
        return at + 1;
      }
      if (this.#due && byte === HEADER[this.#matched]) {
        this.#matched += 1;
        if (this.#matched < HEADER.length) continue;
        this.#inside = true;
        this.#keep(HEADER);
        return at + 1;
      }
      this.#skip(byte);
    }
    return chunk.length;
  }

  #skip(byte: number | undefined): void {
    this.skipped += this.#matched;
    // A message whose end is seen but not its beginning is over: the next may follow.
    if (byte === FS) this.#due = true;
    else if (this.#matched > 0 || (byte !== CR && byte !== LF)) this.#due = false;
    this.#matched = 0;
    if (byte !== CR && byte !== LF) this.skipped += 1;
  }

  #keep(part: Buffer): void {
    const restart = part.lastIndexOf(VT);
    if (restart >= 0) {
      this.skipped += this.#length + restart + 1;
      this.#parts = [];
      this.#length = 0;
    }
    const kept = part.subarray(restart + 1);
    this.#length += kept.length;
    if (kept.length > 0) this.#parts.push(kept);
    if (this.#length > this.#limit) {
      throw new BotenstoffError("HL7_MALFORMED", `reading a frame: longer than ${this.#limit} bytes`);
    }
  }

  #take(): Buffer {
    const [only] = this.#parts;
    const frame = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    this.#inside = false;
    this.#due = true;
    this.#matched = 0;
    return frame;
  }
}

function isEmpty(frame: Buffer): boolean {
  return frame.length === 0 || (frame.length === 1 && frame[0] === COMMIT_ACK);
}
