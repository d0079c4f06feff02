import { MllpConnection, type ConnectionSettings, type Exchange, type Outgoing } from "./connection.ts";

/** A pool of MLLP connections, each with one message in flight; whoever finds none free waits its turn. */
export class MllpSender {
  readonly #idle: MllpConnection[];
  readonly #all: readonly MllpConnection[];
  readonly #waiting: ((connection: MllpConnection) => void)[] = [];

  constructor(settings: ConnectionSettings, connections: number) {
    this.#all = Array.from({ length: connections }, () => new MllpConnection(settings));
    this.#idle = [...this.#all];
  }

  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange> {
    const connection = await this.#take();
    try {
      return await connection.exchange(outgoing, signal);
    } finally {
      this.#give(connection);
    }
  }

  /** Connects without sending anything. */
  async check(): Promise<void> {
    const connection = await this.#take();
    try {
      await connection.connect();
    } finally {
      connection.close();
      this.#give(connection);
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #take(): MllpConnection | Promise<MllpConnection> {
    // The most recently used one: it is most likely still connected.
    return this.#idle.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(connection: MllpConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }
}
