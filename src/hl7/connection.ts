import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Ack } from "./ack.ts";
import { Answers, noAnswer } from "./answers.ts";
import { writeFrame, type Framed } from "./write-frame.ts";

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  /** How long an acknowledgement may take, and how long the receiver may pause while it reads. */
  readonly ackTimeoutMs: number;
  /** Absent: plain TCP. */
  readonly tls?: ConnectionOptions;
}

/** One message to send. */
export interface Outgoing extends Framed {
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

/** Firewalls forget idle connections after minutes; half-open ones then swallow what is written. */
const KEEP_ALIVE_MS = 30_000;

/**
 * One MLLP connection with one message in flight. It connects when first used and is closed after every doubt (time-out,
 * foreign or unreadable answer), so that a late acknowledgement can never be taken for the next message's.
 */
export class MllpConnection {
  readonly #settings: ConnectionSettings;
  #socket: Socket | undefined;
  #answers: Answers | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  /**
   * Sends one message and waits for its acknowledgement.
   * @throws BotenstoffError DESTINATION_UNREACHABLE when nothing was sent, DESTINATION_NO_ANSWER when it may have been,
   *   what `consequence` and `openBlob` throw
   */
  async exchange(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange> {
    const socket = await this.connect(signal);
    const answers = (this.#answers = new Answers(outgoing.controlId));
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    let inDoubt = true;
    try {
      const sentSha256 = await writeFrame(socket, outgoing, this.#settings.ackTimeoutMs);
      const deadline = performance.now() + this.#settings.ackTimeoutMs;
      for (;;) {
        const ack = await answers.next(deadline - performance.now());
        // A refusal, which `consequence` throws, is an answer like any other.
        inDoubt = false;
        if (outgoing.consequence(ack) === "done") return { ack, sentSha256 };
        inDoubt = true;
      }
    } catch (error) {
      throw error instanceof BotenstoffError ? error : noAnswer("the message could not be written", error);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#answers = undefined;
      if (inDoubt || answers.leftOver) this.close();
    }
  }

  /** Connects, or returns the open connection. @throws BotenstoffError DESTINATION_UNREACHABLE */
  async connect(signal: AbortSignal): Promise<Socket> {
    if (signal.aborted) throw unreachable("stopped");
    if (this.#socket?.writable) return this.#socket;
    const { host, port, connectTimeoutMs, tls } = this.#settings;
    const socket = tls ? connectTls({ ...tls, host, port }) : connectTcp({ host, port });
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
      await once(socket, tls ? "secureConnect" : "connect", { signal: deadline });
    } catch (cause) {
      socket.destroy();
      throw unreachable(reasonOf(cause), cause);
    }
    this.#socket = this.#watch(socket);
    return socket;
  }

  #watch(socket: Socket): Socket {
    let reason = "the connection broke";
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on("error", (error) => (reason = `the connection broke (${reasonOf(error)})`));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#answersOn(socket)?.fail(reason));
    socket.on("data", (chunk) => {
      const answers = this.#answersOn(socket);
      if (answers) answers.push(chunk);
      // Nobody asked: an answer now is to a message we gave up on.
      else socket.destroy();
    });
    return socket;
  }

  /** A socket given up on has no say in what its successor waits for. */
  #answersOn(socket: Socket): Answers | undefined {
    return socket === this.#socket ? this.#answers : undefined;
  }

  close(): void {
    this.#answers?.fail("stopped");
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

function unreachable(reason: string, cause?: unknown): BotenstoffError {
  return new BotenstoffError("DESTINATION_UNREACHABLE", `connecting by MLLP: ${reason}`, { cause });
}

/** Node's error code (ECONNREFUSED, CERT_HAS_EXPIRED, …) says what an engineer needs; its text may name hosts. */
function reasonOf(cause: unknown): string {
  if (Error.isError(cause) && cause.name === "AbortError") return "no connection in time";
  return Error.isError(cause) && "code" in cause ? String(cause.code) : "no connection";
}
