import type { Socket } from "node:net";
import { buildAck } from "#src/hl7/ack.ts";
import type { Charset } from "#src/hl7/charset.ts";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";
import type { Accept, SourceContext } from "../source.ts";
import { acknowledgementsOf, notStoredAck, outcomeAck, refusalOf, unreadableAck } from "./answer.ts";
import type { MllpSourceConfig } from "./config.ts";
import { draftOf } from "./draft.ts";

/** One sender's connection: its messages are taken strictly in order, each answered before the next is looked at. */
export class Session {
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #settings: MllpSourceConfig;
  readonly #context: SourceContext;
  readonly #accept: Accept;
  #work = Promise.resolve();

  constructor(socket: Socket, settings: MllpSourceConfig, context: SourceContext, accept: Accept) {
    this.#socket = socket;
    this.#settings = settings;
    this.#context = context;
    this.#accept = accept;
    this.#decoder = new FrameDecoder(settings.max_message_bytes);
    socket
      .setKeepAlive(true, 30_000)
      .setNoDelay(true)
      .setTimeout(settings.idle_timeout_secs * 1_000, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  /** Resolves when what was received is answered; then the connection closes. */
  async end(): Promise<void> {
    this.#socket.pause();
    await this.#work;
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) this.#enqueue(frame);
    } catch {
      this.#context.log("warn", "mllp.frame_refused", { reason: "too long" });
      this.#socket.destroy();
    }
  }

  /** Reads no further while a message is worked on: the sender feels the back-pressure, not our memory. */
  #enqueue(frame: Buffer): void {
    this.#socket.pause();
    this.#work = this.#work
      .then(() => this.#answer(frame))
      .catch(() => void this.#socket.destroy())
      .then(() => void this.#socket.resume());
  }

  async #answer(raw: Buffer): Promise<void> {
    const now = new Date();
    const event = { raw, receivedAt: now.toISOString() };
    const charset = this.#settings.charset as Charset | undefined;
    const message = readOrNothing(raw, charset);
    const refusal = message && refusalOf(message);
    if (message && refusal) {
      const taken = this.#settings.unknown_trigger === "acknowledge";
      this.#context.log("info", taken ? "mllp.ignored" : "mllp.refused", { error: refusal.code });
      this.#reply(taken ? buildAck(message, "AA", now) : buildAck(message, "AR", now, refusal));
      return;
    }
    try {
      const accepted = await this.#accept(event, [draftOf(event, charset)]);
      const [stored] = accepted.messages;
      if (message && stored) await this.#acknowledge(message, (ms) => accepted.settled(stored.id, ms));
      else this.#reply(unreadableAck(now));
    } catch {
      if (message) this.#reply(notStoredAck(message, now));
      else this.#socket.destroy();
    }
  }

  async #acknowledge(
    message: ParsedMessage,
    settled: (timeoutMs: number) => ReturnType<Awaited<ReturnType<Accept>>["settled"]>,
  ): Promise<void> {
    const due = acknowledgementsOf(message);
    if (due.accept) this.#reply(buildAck(message, "CA", new Date()));
    if (!due.application) return;
    if (this.#settings.ack === "on_commit") {
      this.#reply(buildAck(message, "AA", new Date()));
      return;
    }
    const outcome = await settled(this.#settings.settle_timeout_secs * 1_000);
    this.#reply(outcomeAck(message, outcome, new Date()));
  }

  #reply(ack: Buffer): void {
    if (!this.#socket.writable) return;
    this.#socket.write(Buffer.concat([FRAME_START, ack, FRAME_END]));
  }
}

function readOrNothing(raw: Buffer, charset: Charset | undefined): ParsedMessage | undefined {
  try {
    return parseHl7(raw, charset);
  } catch {
    return undefined;
  }
}
