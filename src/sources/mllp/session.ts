import type { Socket } from "node:net";
import { buildAck, type AckError } from "#src/hl7/ack.ts";
import type { Charset } from "#src/hl7/charset.ts";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import type { ParsedMessage } from "#src/hl7/parse.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Accept, Accepted, SourceContext } from "../source.ts";
import {
  ackModeOf,
  excessRefusal,
  ignoredAcks,
  notStoredAck,
  outcomeAck,
  refusalOf,
  refusedAck,
  unreadableAck,
} from "./answer.ts";
import type { MllpSourceConfig } from "./config.ts";
import { draftOf, readFrame } from "./draft.ts";

/** What every connection of a source works with. */
export interface SessionDeps {
  readonly settings: MllpSourceConfig;
  readonly context: SourceContext;
  readonly accept: Accept;
}

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
  readonly #charset: Charset | undefined;
  #work = Promise.resolve();
  /** Frames read and not answered yet. */
  #waiting = 0;
  #ending = false;

  constructor(socket: Socket, deps: SessionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#decoder = new FrameDecoder(deps.settings.max_message_bytes);
    this.#charset = deps.settings.charset as Charset | undefined;
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
      this.#work = this.#work.then(() => this.#giveUp(reason));
    }
  }

  /** Says why before it hangs up. What is still on its way is read and dropped, or the answer would be lost with it. */
  #giveUp(reason: string): void {
    const socket = this.#socket.removeAllListeners("data");
    this.#reply(unreadableAck(reason, new Date()));
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
      .then(() => this.#answer(frame))
      .catch(() => void this.#socket.destroy())
      .then(() => {
        this.#waiting -= 1;
        if (this.#waiting === 0 && !this.#ending) this.#socket.resume();
      });
  }

  async #answer(raw: Buffer): Promise<void> {
    const now = new Date();
    const message = readFrame(raw, this.#charset);
    const excess = "unreadable" in message ? undefined : excessRefusal(message);
    if (!("unreadable" in message) && excess) {
      this.#deps.context.count("refused");
      this.#deps.context.log("warn", "mllp.refused", { error: "HL7_TOO_MANY" });
      this.#reply(refusedAck(message, excess, now));
      return;
    }
    const refusal = "unreadable" in message ? undefined : refusalOf(message);
    if (!("unreadable" in message) && refusal) {
      this.#refuse(message, refusal, now);
      return;
    }
    const event = { raw, receivedAt: now.toISOString() };
    let accepted: Accepted;
    try {
      accepted = await this.#deps.accept(event, {
        messages: [draftOf(event, message, this.#deps.settings.order)],
        notices: [],
      });
    } catch (error) {
      // Bytes without a control id cannot be answered; a closed connection tells their sender to repeat them.
      if ("unreadable" in message) throw error;
      this.#reply(notStoredAck(message, now));
      return;
    }
    if ("unreadable" in message) this.#reply(unreadableAck(message.unreadable, now));
    else await this.#acknowledge(message, accepted);
  }

  #refuse(message: ParsedMessage, refusal: AckError, now: Date): void {
    const { context, settings } = this.#deps;
    const ignored = settings.unknown_trigger === "acknowledge";
    context.count(ignored ? "ignored" : "refused");
    context.log("info", ignored ? "mllp.ignored" : "mllp.refused", { error: refusal.code });
    for (const ack of ignored ? ignoredAcks(message, now) : [refusedAck(message, refusal, now)]) this.#reply(ack);
  }

  async #acknowledge(message: ParsedMessage, { messages: [stored], settled }: Accepted): Promise<void> {
    const { ack, settle_timeout_secs: timeout } = this.#deps.settings;
    if (stored?.duplicate) this.#deps.context.count("repeated");
    const mode = ackModeOf(message);
    if (mode.accept(true)) this.#reply(buildAck(message, "CA", new Date()));
    if (!mode.application(true) && !mode.application(false)) return;
    const outcome =
      ack === "on_commit" || !stored ? { state: "filed" as const } : await settled(stored.id, timeout * 1_000);
    this.#reply(outcomeAck(message, outcome, new Date()));
  }

  #reply(ack: Buffer | undefined): void {
    if (ack && this.#socket.writable) this.#socket.write(Buffer.concat([FRAME_START, ack, FRAME_END]));
  }

  #tellSkipped(): void {
    const { skipped, partial } = this.#decoder;
    if (skipped > 0 || partial) this.#deps.context.log("warn", "mllp.bytes_outside_frames", { skipped, partial });
  }
}
