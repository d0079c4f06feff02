import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Ack } from "#src/hl7/ack.ts";
import type { ClientTls } from "../tls/client-tls.ts";
import { Answers, noAnswer } from "./answers.ts";
import { certificateRefusal, isOurCertificateRefused } from "../tls/certificate-refusal.ts";
import { flushed, writeFrame, type Framed } from "./write-frame.ts";

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  /** How long an acknowledgement may take, and how long the receiver may pause while it reads. */
  readonly ackTimeoutMs: number;
  /** How long the application acknowledgement may take after the accept one. */
  readonly applicationAckTimeoutMs: number;
  /** A connection unused for longer is not trusted to be alive at both ends: it is opened anew. */
  readonly maxIdleMs: number;
  /** False: a connection carries one message, as receivers want who hang up after each. */
  readonly keepOpen: boolean;
  /** Absent: plain TCP. */
  readonly tls?: ClientTls;
}

/** One message to send. */
export interface Outgoing extends Framed {
  /** MSH-10. */
  readonly controlId: string;
  /**
   * What the sender asked for (MSH-15, MSH-16): an acknowledgement in any case, one only if it is refused (silence for
   * the whole time is success), or none at all (success once the bytes are written).
   */
  readonly expects: "answer" | "refusal" | "nothing";
  /** Whether an acknowledgement ends the exchange, or more is to come; throws for a refusal. */
  consequence(ack: Ack): "done" | "wait";
}

export interface Exchange {
  /** The last one; absent where none was asked for. */
  readonly ack?: Ack;
  /** The message it came in, without its frame; empty where none was asked for. */
  readonly answer: Buffer;
  /** Lower-case hex, of the message without its frame. */
  readonly sentSha256: string;
}

/** Firewalls forget idle connections after minutes; three unanswered probes end a half-open one within a minute. */
const KEEP_ALIVE_MS = 30_000;
const PROBE_MS = 10_000;
const PROBES = 3;
const CR = 0x0d;
const LF = 0x0a;

/**
 * One MLLP connection with one message in flight. It connects when first used and is closed after every doubt (time-out,
 * foreign or unreadable answer), so that a late acknowledgement can never be taken for the next message's.
 */
export class MllpConnection {
  readonly #settings: ConnectionSettings;
  #socket: Socket | undefined;
  #answers: Answers | undefined;
  #lastUsed = 0;
  /** Nobody listens for answers on this connection, so one that comes unasked proves nothing. */
  #deaf = false;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  /**
   * Sends one message and waits for its acknowledgement.
   * @throws BotenstoffError DESTINATION_UNREACHABLE and DESTINATION_UNTRUSTED when nothing was sent,
   *   DESTINATION_NO_ANSWER when it may have been, what `consequence` and `openBlob` throw
   */
  async exchange(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange> {
    const socket = await this.connect(signal);
    const answers = (this.#answers = new Answers(outgoing.controlId));
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    this.#deaf = outgoing.expects === "nothing";
    let inDoubt = true;
    try {
      const sentSha256 = await writeFrame(socket, outgoing, this.#settings.ackTimeoutMs);
      if (outgoing.expects === "nothing") await flushed(socket, this.#settings.ackTimeoutMs);
      const ack = outgoing.expects === "nothing" ? undefined : await this.#conclude(outgoing, answers);
      inDoubt = false;
      return { ...(ack && { ack }), answer: answers.last, sentSha256 };
    } catch (error) {
      // A refusal is an answer like any other: the connection can go on.
      if (error instanceof Refusal) {
        inDoubt = false;
        throw error.cause;
      }
      throw error instanceof BotenstoffError ? error : noAnswer("the message could not be written", error);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#answers = undefined;
      this.#lastUsed = performance.now();
      if (inDoubt || !this.#settings.keepOpen || (answers.leftOver && !this.#deaf)) this.close();
    }
  }

  /** Reads acknowledgements until one is the last. */
  async #conclude(outgoing: Outgoing, answers: Answers): Promise<Ack | undefined> {
    let within = this.#settings.ackTimeoutMs;
    for (;;) {
      const ack = await answers.next(within);
      if (!ack && outgoing.expects === "refusal") return undefined;
      if (!ack) throw noAnswer("no acknowledgement in time");
      if (meaningOf(ack, outgoing) === "done") return ack;
      within = this.#settings.applicationAckTimeoutMs;
    }
  }

  /** Connects, or returns the open connection. @throws BotenstoffError DESTINATION_UNREACHABLE, DESTINATION_UNTRUSTED */
  async connect(signal: AbortSignal): Promise<Socket> {
    if (signal.aborted) throw unreachable("stopped");
    if (this.#socket?.writable && performance.now() - this.#lastUsed < this.#settings.maxIdleMs) return this.#socket;
    this.close();
    const { host, port, connectTimeoutMs, tls } = this.#settings;
    const socket = tls ? connectTls({ ...tls.options(), host, port }) : connectTcp({ host, port });
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
      await once(socket, tls ? "secureConnect" : "connect", { signal: deadline });
    } catch (cause) {
      socket.destroy();
      throw notConnected(`${host}:${port}`, cause);
    }
    if (socket instanceof TLSSocket) tls?.connected(socket);
    this.#lastUsed = performance.now();
    this.#socket = this.#watch(socket);
    return socket;
  }

  #watch(socket: Socket): Socket {
    let reason = noAnswer("the connection broke");
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS, PROBE_MS, PROBES);
    socket.on("error", (error) => (reason = brokenBy(error)));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#answersOn(socket)?.fail(reason));
    socket.on("data", (chunk) => {
      const answers = this.#answersOn(socket);
      if (answers) answers.push(chunk);
      // Nobody asked: an answer now is to a message we gave up on. The CR of a frame may come after its FS was enough.
      else if (!this.#deaf && !chunk.every((byte) => byte === CR || byte === LF)) socket.destroy();
    });
    return socket;
  }

  /** A socket given up on has no say in what its successor waits for. */
  #answersOn(socket: Socket): Answers | undefined {
    return socket === this.#socket ? this.#answers : undefined;
  }

  close(): void {
    this.#answers?.fail(noAnswer("stopped"));
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

/** Tells what `consequence` throws from what breaks the exchange. */
class Refusal extends Error {}

function meaningOf(ack: Ack, outgoing: Outgoing): "done" | "wait" {
  try {
    return outgoing.consequence(ack);
  } catch (cause) {
    throw new Refusal("refused", { cause });
  }
}

function unreachable(reason: string, cause?: unknown): BotenstoffError {
  return new BotenstoffError("DESTINATION_UNREACHABLE", `connecting by MLLP: ${reason}`, { cause });
}

function untrusted(reason: string, cause: unknown): BotenstoffError {
  return new BotenstoffError("DESTINATION_UNTRUSTED", `connecting by MLLP: ${reason}`, { cause });
}

function notConnected(whom: string, cause: unknown): BotenstoffError {
  const code = codeOf(cause);
  const refusal = certificateRefusal(code);
  if (refusal !== undefined) return untrusted(`${whom}: the receiver's certificate is ${refusal} (${code})`, cause);
  if (isOurCertificateRefused(code)) return untrusted(`${whom}: the receiver refuses our certificate (${code})`, cause);
  return unreachable(`${whom}: ${code}`, cause);
}

/** With TLS 1.3 a server judges our certificate after we think to be connected; what we wrote meanwhile nobody read. */
function brokenBy(error: Error): BotenstoffError {
  const code = codeOf(error);
  return isOurCertificateRefused(code)
    ? untrusted(`the receiver refuses our certificate (${code})`, error)
    : noAnswer(`the connection broke (${code})`, error);
}

/** Node's error code (ECONNREFUSED, …) says what an engineer needs; its text may name hosts. */
function codeOf(cause: unknown): string {
  if (Error.isError(cause) && cause.name === "AbortError") return "no connection in time";
  return Error.isError(cause) && "code" in cause ? String(cause.code) : "no connection";
}
