import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { base64Of } from "#src/message/base64.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { readAck, type Ack } from "./ack.ts";
import { FRAME_END, FRAME_START, FrameDecoder } from "./frame.ts";
import type { BlobSlot } from "./message.ts";

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly ackTimeoutMs: number;
  /** Absent: plain TCP. */
  readonly tls?: ConnectionOptions;
}

/** One message to send. */
export interface Outgoing {
  readonly pieces: readonly (Buffer | BlobSlot)[];
  openBlob(attachmentId: string): Readable;
  /** MSH-10. */
  readonly controlId: string;
  /** Whether an acknowledgement ends the exchange, or more is to come; throws for a refusal. */
  consequence(ack: Ack): "done" | "wait";
}

export interface Exchange {
  readonly ack: Ack;
  /** Lower-case hex, of the message without its frame. */
  readonly sentSha256: string;
}

/** An acknowledgement is small; whoever sends more is not acknowledging. */
const ACK_LIMIT = 1024 * 1024;

/**
 * One MLLP connection with one message in flight. It connects when first used and is closed after every doubt (time-out,
 * foreign or unreadable answer), so that a late acknowledgement can never be taken for the next message's.
 */
export class MllpConnection {
  readonly #settings: ConnectionSettings;
  #socket: Socket | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  /**
   * Sends one message and waits for its acknowledgement.
   * @throws BotenstoffError DESTINATION_UNREACHABLE when nothing was sent, DESTINATION_NO_ANSWER when it may have been
   */
  async exchange(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange> {
    const socket = await this.connect();
    const answers = new Answers(socket);
    const abort = () => socket.destroy(new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) throw noAnswer("stopped");
      const sentSha256 = await write(socket, outgoing);
      return { ack: await this.#await(answers, outgoing), sentSha256 };
    } catch (error) {
      // A refusal is an answer like any other; after anything else the next answer could be this message's.
      if (!answers.refused) this.close();
      throw error instanceof BotenstoffError ? error : noAnswer("the connection broke", error);
    } finally {
      signal.removeEventListener("abort", abort);
      answers.stop();
    }
  }

  async #await(answers: Answers, outgoing: Outgoing): Promise<Ack> {
    const deadline = performance.now() + this.#settings.ackTimeoutMs;
    for (;;) {
      const frame = await answers.next(deadline - performance.now());
      const ack = read(frame);
      if (ack?.controlId !== outgoing.controlId) throw noAnswer("the answer belongs to another message");
      answers.refused = true;
      const consequence = outgoing.consequence(ack);
      answers.refused = false;
      if (consequence === "done") return ack;
    }
  }

  /** Connects, or returns the open connection. @throws BotenstoffError DESTINATION_UNREACHABLE */
  async connect(): Promise<Socket> {
    if (this.#socket && !this.#socket.destroyed && this.#socket.writable) return this.#socket;
    const { host, port, connectTimeoutMs, tls } = this.#settings;
    const socket = tls ? connectTls({ ...tls, host, port }) : connectTcp({ host, port });
    try {
      await once(socket, tls ? "secureConnect" : "connect", { signal: AbortSignal.timeout(connectTimeoutMs) });
    } catch (cause) {
      socket.destroy();
      throw new BotenstoffError("DESTINATION_UNREACHABLE", `connecting by MLLP: ${reasonOf(cause)}`, { cause });
    }
    socket.setNoDelay(true).setKeepAlive(true, 30_000);
    // Errors of an idle connection show as `destroyed` the next time it is wanted.
    socket.on("error", () => undefined);
    // Nobody asked: an answer now is to a message we gave up on.
    socket.on("data", () => {
      if (socket.listenerCount("data") === 1) socket.destroy();
    });
    socket.on("end", () => socket.destroy());
    this.#socket = socket;
    return socket;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

/** The frames that come back while a message is in flight. */
class Answers {
  /** The message was answered, and the answer was no. */
  refused = false;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder(ACK_LIMIT);
  readonly #frames: Buffer[] = [];
  #failed: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#data);
    socket.on("close", this.#close);
  }

  readonly #data = (chunk: Buffer) => {
    try {
      this.#frames.push(...this.#decoder.push(chunk));
    } catch (error) {
      this.#failed = error as Error;
    }
    this.#wake();
  };

  readonly #close = () => {
    this.#failed ??= new Error("closed");
    this.#wake();
  };

  async next(withinMs: number): Promise<Buffer> {
    const timer = setTimeout(() => {
      this.#failed ??= noAnswer("no acknowledgement in time");
      this.#wake();
    }, withinMs);
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame) return frame;
        if (this.#failed) throw this.#failed;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.#socket.off("data", this.#data).off("close", this.#close);
  }
}

/** Writes the frame with back-pressure; attachments are encoded while they stream. */
async function write(socket: Socket, { pieces, openBlob }: Outgoing): Promise<string> {
  const hash = createHash("sha256");
  const send = async (bytes: Buffer) => {
    if (!socket.write(bytes)) await drained(socket);
  };
  socket.cork();
  process.nextTick(() => socket.uncork());
  await send(FRAME_START);
  for (const piece of pieces) {
    const chunks = Buffer.isBuffer(piece) ? [piece] : base64Of(openBlob(piece.blob));
    for await (const chunk of chunks) {
      hash.update(chunk);
      await send(chunk);
    }
  }
  await send(FRAME_END);
  return hash.digest("hex");
}

/** `drain`, or the connection's end, whichever comes. */
async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) throw new Error("closed");
  await new Promise<void>((resolve, reject) => {
    const done = () => {
      socket.off("drain", done).off("close", closed);
      resolve();
    };
    const closed = () => {
      socket.off("drain", done);
      reject(new Error("closed"));
    };
    socket.once("drain", done).once("close", closed);
  });
}

function read(frame: Buffer): Ack | undefined {
  try {
    return readAck(frame);
  } catch (cause) {
    throw noAnswer("the answer is not HL7", cause);
  }
}

function noAnswer(reason: string, cause?: unknown): BotenstoffError {
  return new BotenstoffError("DESTINATION_NO_ANSWER", `delivering by MLLP: ${reason}`, { cause });
}

/** Node's error code (ECONNREFUSED, CERT_HAS_EXPIRED, …) says what an engineer needs; its text may name hosts. */
function reasonOf(cause: unknown): string {
  if (cause instanceof Error && cause.name === "AbortError") return "no connection in time";
  return cause instanceof Error && "code" in cause ? String(cause.code) : "no connection";
}
