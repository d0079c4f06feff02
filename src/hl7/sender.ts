import { BotenstoffError } from "#src/message/error-code.ts";
import { MllpConnection, type ConnectionSettings, type Exchange, type Outgoing } from "./connection.ts";

/** A pool of MLLP connections, each with one message in flight; whoever finds none free waits its turn. */
export class MllpSender {
  readonly #idle: MllpConnection[];
  readonly #all: readonly MllpConnection[];
  readonly #closed = new AbortController();
  #waiting: ((connection: MllpConnection) => void)[] = [];

  constructor(settings: ConnectionSettings, connections: number) {
    this.#all = Array.from({ length: connections }, () => new MllpConnection(settings));
    this.#idle = [...this.#all];
  }

  /** Sends one message on the next free connection; errors as `MllpConnection.exchange`. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange> {
    return this.#use(signal, (connection, either) => connection.exchange(outgoing, either));
  }

  /** Connects without sending anything. @throws BotenstoffError DESTINATION_UNREACHABLE */
  async check(signal: AbortSignal): Promise<void> {
    await this.#use(signal, (connection, either) => connection.connect(either));
  }

  /** Ends what is in flight and what waits. */
  close(): void {
    this.#closed.abort();
    for (const connection of this.#all) connection.close();
  }

  async #use<T>(signal: AbortSignal, work: (connection: MllpConnection, signal: AbortSignal) => Promise<T>) {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    const connection = this.#idle.pop() ?? (await this.#turn(either));
    try {
      return await work(connection, either);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(connection);
      // The most recently used one is taken next: it is most likely still connected.
      else this.#idle.push(connection);
    }
  }

  #turn(signal: AbortSignal): Promise<MllpConnection> {
    return new Promise((resolve, reject) => {
      const give = (connection: MllpConnection) => {
        signal.removeEventListener("abort", stop);
        resolve(connection);
      };
      const stop = () => {
        this.#waiting = this.#waiting.filter((other) => other !== give);
        reject(new BotenstoffError("DESTINATION_UNREACHABLE", "waiting for an MLLP connection: stopped"));
      };
      this.#waiting.push(give);
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
    });
  }
}
