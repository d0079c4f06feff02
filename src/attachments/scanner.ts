import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { BotenstoffError } from "#src/message/error-code.ts";
import { Turnstile } from "./turnstile.ts";
import { write } from "./write.ts";

/** Where clamd listens (`LocalSocket` or `TCPSocket` in clamd.conf). */
export type ClamdAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface Scanner {
  /**
   * Resolves when clamd says the bytes are clean.
   * @throws BotenstoffError MEDIA_INFECTED, MEDIA_NOT_SCANNED, SCANNER_UNAVAILABLE
   */
  scan(bytes: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void>;
}

interface ScannerOptions {
  readonly address: ClamdAddress;
  /** Milliseconds until a connection stands. */
  readonly connectMs?: number;
  /** Milliseconds without a byte in either direction. */
  readonly silenceMs?: number;
}

/** clamd's MaxThreads is 10 by default; the hospital's other users of it want some. */
const AT_ONCE = 4;
const MAX_ANSWER_BYTES = 4_096;

/**
 * Asks clamd over its socket (INSTREAM: length-prefixed chunks, a zero length ends them). Anything but a plain "OK"
 * counts as not clean. A connection that breaks or falls silent during a scan may be clamd's or the file's fault:
 * whether clamd still answers a PING afterwards tells them apart.
 */
export function createScanner({ address, connectMs = 5_000, silenceMs = 120_000 }: ScannerOptions): Scanner {
  const turnstile = new Turnstile(AT_ONCE);

  async function open(signal: AbortSignal): Promise<Socket> {
    const socket = connect(address);
    // What breaks later on is seen by whoever reads or writes; without a listener it would end the process.
    socket.on("error", () => undefined);
    try {
      await once(socket, "connect", { signal: AbortSignal.any([signal, AbortSignal.timeout(connectMs)]) });
    } catch (cause) {
      socket.destroy();
      throw unavailable(cause);
    }
    return socket.setTimeout(silenceMs, () => socket.destroy(new Error("silence")));
  }

  async function answers(signal: AbortSignal): Promise<boolean> {
    const socket = await open(signal);
    try {
      const answer = answerOf(socket.setTimeout(connectMs, () => socket.destroy(new Error("silence"))));
      socket.write("zPING\0");
      return (await answer) === "PONG";
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  async function ask(bytes: AsyncIterable<Buffer>, signal: AbortSignal): Promise<string> {
    const socket = await open(signal);
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const answer = answerOf(socket);
      // Awaited below; until then a failure must not count as unhandled.
      answer.catch(() => undefined);
      await send(socket, bytes);
      return await answer.catch(async (cause: unknown) => {
        if (signal.aborted || !(await answers(signal))) throw unavailable(cause);
        throw notScanned("clamd broke the scan off");
      });
    } finally {
      signal.removeEventListener("abort", abort);
      socket.destroy();
    }
  }

  return { scan: async (bytes, signal) => judge(await turnstile.run(() => ask(bytes, signal))) };
}

/** Sends everything; fails only with what the bytes' own source fails with. Stops early when clamd has already answered or hung up. */
async function send(socket: Socket, bytes: AsyncIterable<Buffer>): Promise<void> {
  socket.write("zINSTREAM\0");
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(chunk.length);
    await write(socket, Buffer.concat([length, chunk]));
    if (socket.destroyed || socket.readableEnded) return;
  }
  socket.write(Buffer.alloc(4));
}

/** clamd's line, up to its NUL. Rejects when the connection ends without one. */
async function answerOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString("latin1");
    const end = text.indexOf("\0");
    if (end >= 0) return text.slice(0, end);
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  throw new Error("no answer");
}

function judge(answer: string): void {
  if (answer === "stream: OK") return;
  const found = /^stream: ([\w.()/-]{1,200}) FOUND$/.exec(answer)?.[1];
  if (found !== undefined) throw new BotenstoffError("MEDIA_INFECTED", `scanning an attachment: clamd found ${found}`);
  const limit = /size limit exceeded/i.test(answer);
  throw notScanned(limit ? "it is larger than clamd's StreamMaxLength" : "clamd answered with an error");
}

function notScanned(why: string): BotenstoffError {
  return new BotenstoffError("MEDIA_NOT_SCANNED", `scanning an attachment: ${why}`);
}

function unavailable(cause: unknown): BotenstoffError {
  return new BotenstoffError("SCANNER_UNAVAILABLE", "scanning an attachment: clamd does not answer", { cause });
}
