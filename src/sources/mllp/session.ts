import type { Socket } from "node:net";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { unreadableAck } from "./answer.ts";
import { Intake, type SessionDeps } from "./intake.ts";

const KEEP_ALIVE_MS = 30_000;
const PROBE_MS = 10_000;
const PROBES = 3;
/** How long a sender who is hung up on may take to notice. */
const HANG_UP_MS = 5_000;

/** One sender's connection: its messages are taken strictly in order, each answered before the next is looked at. */
export class Session {
  readonly #socket: Socket;
  readonly #deps: SessionDeps;
  readonly #decoder: FrameDecoder;
  readonly #intake: Intake;
  #work = Promise.resolve();
  /** Frames read and not answered yet. */
  #waiting = 0;
  #ending = false;

  constructor(socket: Socket, deps: SessionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#decoder = new FrameDecoder(deps.settings.max_message_bytes);
    this.#intake = new Intake(deps);
    socket.setKeepAlive(true, KEEP_ALIVE_MS, PROBE_MS, PROBES).setNoDelay(true);
    socket.setTimeout(deps.settings.idle_timeout_secs * 1_000, () => {
      // A sender that waits for our answer is not idle.
      if (this.#waiting === 0) socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("close", () => this.#tellSkipped());
  }

  /** Resolves when what was received is answered; then the connection closes. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#socket.pause();
    await this.#work;
    this.#socket.destroySoon();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) this.#enqueue(frame);
    } catch (error) {
      const reason = error instanceof BotenstoffError ? error.message : "could not be read";
      this.#deps.context.log("warn", "mllp.frame_refused", { reason });
      const head = this.#decoder.head;
      this.#work = this.#work.then(() => this.#giveUp(head, reason));
    }
  }

  /** Says why before it hangs up. What is still on its way is read and dropped, or the answer would be lost with it. */
  #giveUp(head: Buffer, reason: string): void {
    const socket = this.#socket.removeAllListeners("data");
    this.#reply(unreadableAck(head, reason, new Date()));
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), HANG_UP_MS);
    socket.once("close", () => clearTimeout(timer));
  }

  /** Reads no further while messages are worked on: the sender feels the back-pressure, not our memory. */
  #enqueue(frame: Buffer): void {
    this.#waiting += 1;
    this.#socket.pause();
    this.#work = this.#work
      .then(() => this.#intake.take(frame, (ack) => this.#reply(ack)))
      .catch(() => void this.#socket.destroy())
      .then(() => {
        this.#waiting -= 1;
        if (this.#waiting === 0 && !this.#ending) this.#socket.resume();
      });
  }

  #reply(ack: Buffer | undefined): void {
    if (ack && this.#socket.writable) this.#socket.write(Buffer.concat([FRAME_START, ack, FRAME_END]));
  }

  #tellSkipped(): void {
    const { skipped, partial } = this.#decoder;
    if (skipped > 0 || partial) this.#deps.context.log("warn", "mllp.bytes_outside_frames", { skipped, partial });
  }
}
