import { BotenstoffError } from "#src/message/error-code.ts";
import { readAck, type Ack } from "#src/hl7/ack.ts";
import { FrameDecoder } from "#src/hl7/frame.ts";

/** An acknowledgement is small; whoever sends more is not acknowledging. */
const ACK_LIMIT = 1024 * 1024;

/** What comes back while one message is in flight. */
export class Answers {
  readonly #controlId: string;
  readonly #decoder = new FrameDecoder(ACK_LIMIT);
  readonly #frames: Buffer[] = [];
  /** What the last acknowledgement came in: the answer to a query says more than that it was taken. */
  last: Buffer = Buffer.alloc(0);
  #failed: BotenstoffError | undefined;
  #wake: () => void = () => undefined;

  constructor(controlId: string) {
    this.#controlId = controlId;
  }

  /** Whether more has come than was asked for. */
  get leftOver(): boolean {
    return this.#frames.length > 0 || this.#decoder.partial;
  }

  push(chunk: Buffer): void {
    try {
      this.#frames.push(...this.#decoder.push(chunk));
      if (this.#decoder.negativeCommits > 0) this.fail(noAnswer("the receiver could not store it (commit block NAK)"));
    } catch (cause) {
      this.fail(noAnswer("the answer is too long", cause));
    }
    this.#wake();
  }

  /** No more will come. */
  fail(error: BotenstoffError): void {
    this.#failed ??= error;
    this.#wake();
  }

  /**
   * The next acknowledgement of this message; undefined when the time has passed without one.
   * @throws BotenstoffError DESTINATION_NO_ANSWER when one for another message comes, or something else
   */
  async next(withinMs: number): Promise<Ack | undefined> {
    const time = { isUp: false };
    const timer = setTimeout(() => {
      time.isUp = true;
      this.#wake();
    }, withinMs);
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame) {
          this.last = frame;
          return this.#own(frame);
        }
        if (this.#failed) throw this.#failed;
        if (time.isUp) return undefined;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #own(frame: Buffer): Ack {
    const ack = read(frame);
    if (!ack) throw noAnswer("the answer is no acknowledgement");
    if (ack.controlId !== this.#controlId) throw noAnswer("the answer belongs to another message");
    return ack;
  }
}

function read(frame: Buffer): Ack | undefined {
  try {
    return readAck(frame);
  } catch (cause) {
    throw noAnswer("the answer is not HL7", cause);
  }
}

export function noAnswer(reason: string, cause?: unknown): BotenstoffError {
  return new BotenstoffError("DESTINATION_NO_ANSWER", `delivering by MLLP: ${reason}`, { cause });
}
