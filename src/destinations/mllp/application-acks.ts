import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { buildAck, readAck, type Ack } from "#src/hl7/ack.ts";
import { ackMode } from "#src/hl7/ack-mode.ts";
import { noAnswer } from "#src/wire/mllp/answers.ts";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import { renewCertificates, type TlsFiles } from "#src/wire/tls/tls-files.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { DestinationContext } from "../destination.ts";

const ACK_LIMIT = 1024 * 1024;

/**
 * The port a receiver sends its application acknowledgements to when they come over a connection of its own (enhanced
 * mode, HL7 v2.5.1 §2.9.3). Each is matched by MSA-2 to the message that waits for it; one that nobody waits for is
 * counted, and acknowledged where it asks for that, since repeating it would change nothing.
 */
export class ApplicationAcks {
  readonly #context: DestinationContext;
  readonly #closed = new AbortController();
  readonly #waiting = new Map<string, (ack: Ack) => void>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #listening: Promise<void>;

  constructor(listenOn: { host: string; port: number }, tls: TlsFiles | undefined, context: DestinationContext) {
    this.#context = context;
    const connected = (socket: Socket) => this.#serve(socket);
    this.#server = openServer(tls, connected);
    this.#server.on("tlsClientError", () => context.log("warn", "mllp.application_ack_client_refused"));
    this.#server.listen(listenOn.port, listenOn.host);
    this.#listening = once(this.#server, "listening").then(
      () => undefined,
      (cause: unknown) => {
        const reason = `listening for application acknowledgements on port ${listenOn.port}: ${kindOfError(cause)}`;
        throw new BotenstoffError("CONFIG_INVALID", reason, { cause });
      },
    );
    this.#listening.catch((error: unknown) =>
      context.log("warn", "mllp.application_ack_port", {
        error: kindOfError(Error.isError(error) ? error.cause : error),
      }),
    );
  }

  /** The port, once it is open. @throws BotenstoffError CONFIG_INVALID when it cannot be */
  async port(): Promise<number> {
    await this.#listening;
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Listens for the acknowledgement of one message; to be called before the message is sent, since the answer may
   * overtake the accept acknowledgement.
   */
  expect(controlId: string): { ack(withinMs: number, signal: AbortSignal): Promise<Ack>; forget(): void } {
    const { promise, resolve } = Promise.withResolvers<Ack>();
    this.#waiting.set(controlId, resolve);
    return {
      ack: async (withinMs, signal) => {
        const deadline = AbortSignal.any([signal, this.#closed.signal, AbortSignal.timeout(withinMs)]);
        const late = Promise.withResolvers<never>();
        const stop = () => late.reject(noAnswer("no application acknowledgement in time"));
        deadline.addEventListener("abort", stop, { once: true });
        if (deadline.aborted) stop();
        try {
          return await Promise.race([promise, late.promise]);
        } finally {
          deadline.removeEventListener("abort", stop);
        }
      },
      forget: () => {
        if (this.#waiting.get(controlId) === resolve) this.#waiting.delete(controlId);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#listening.catch(() => undefined);
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder(ACK_LIMIT);
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const frame of decoder.push(chunk)) this.#take(frame, socket);
      } catch {
        this.#context.count("application_ack_unreadable");
        socket.destroy();
      }
    });
  }

  #take(frame: Buffer, socket: Socket): void {
    const ack = readAck(frame);
    const message = parseHl7(frame);
    const resolve = ack && this.#waiting.get(ack.controlId);
    if (ack && resolve) resolve(ack);
    else this.#context.count("application_ack_unmatched");
    if (!ackMode(message.value("MSH", 15), "NE").accept(true)) return;
    socket.write(Buffer.concat([FRAME_START, buildAck(message, "CA", new Date()), FRAME_END]));
  }
}

/** TLS where there is a certificate of ours to show. */
function openServer(tls: TlsFiles | undefined, connected: (socket: Socket) => void): Server {
  const used = tls?.current();
  if (!tls || !used?.options.cert) return createTcpServer(connected);
  // Whoever may acknowledge our messages must be who we trust as their receiver.
  const server = createTlsServer({ ...used.options, requestCert: true, rejectUnauthorized: true }, connected);
  renewCertificates(server, tls, used);
  return server;
}
