import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A kept-alive HTTP/1.1 connection on a bare socket, one request in flight: as little as a load generator can cost. */
export class HttpConnection {
  readonly #socket: Socket;
  #received = "";
  #answered: ((status: number) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => undefined);
    // Status 0: the connection ended without an answer.
    socket.on("close", () => this.#answered?.(0));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ host: "127.0.0.1", port });
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** Sends a whole request. @returns the status of its answer */
  exchange(request: Buffer): Promise<number> {
    if (this.#socket.destroyed) return Promise.resolve(0);
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received += chunk.toString("latin1");
    const head = this.#received.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received.slice(0, head + 2))?.[1] ?? 0);
    if (this.#received.length < head + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = "";
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(status);
  }
}
