import { createHash } from "node:crypto";
import { BotenstoffError } from "#src/message/error-code.ts";
import { speaksTls } from "./speaks-tls.ts";
import { MllpConnection, type ConnectionSettings, type Exchange, type Outgoing } from "./connection.ts";

/** One connection and who waits for it, first come first served. */
interface Place {
  readonly connection: MllpConnection;
  busy: boolean;
  waiting: (() => void)[];
}

/**
 * A pool of MLLP connections, each with one message in flight. A lane always uses the same connection, so that the
 * receiver sees its messages in order even where it works on its connections side by side.
 */
export class MllpSender {
  readonly #settings: ConnectionSettings;
  readonly #places: readonly Place[];
  #closed = false;

  constructor(settings: ConnectionSettings, connections: number) {
    this.#settings = settings;
    this.#places = Array.from({ length: connections }, () => ({
      connection: new MllpConnection(settings),
      busy: false,
      waiting: [],
    }));
  }

  /** Sends one message on the connection of its lane; errors as `MllpConnection.exchange`. */
  async send(outgoing: Outgoing, lane: string, signal: AbortSignal): Promise<Exchange> {
    return this.#use(this.#placeOf(lane), signal, (connection) => connection.exchange(outgoing, signal));
  }

  /** Connects without sending a message. @throws BotenstoffError DESTINATION_UNREACHABLE, DESTINATION_UNTRUSTED */
  async check(signal: AbortSignal): Promise<void> {
    await this.#use(this.#placeOf(""), signal, (connection) => connection.connect(signal));
    const { host, port, tls } = this.#settings;
    if (tls || !(await speaksTls({ host, port }, signal))) return;
    throw new BotenstoffError(
      "DESTINATION_UNREACHABLE",
      `connecting by MLLP: ${host}:${port} speaks TLS; set tls at the destination`,
    );
  }

  /** Ends what is in flight and what waits. */
  close(): void {
    this.#closed = true;
    for (const { connection } of this.#places) connection.close();
  }

  #placeOf(lane: string): Place {
    const only = this.#places.length === 1;
    const number = only ? 0 : createHash("sha256").update(lane).digest().readUInt32BE(0);
    const place = this.#places[number % this.#places.length];
    if (!place) throw new BotenstoffError("CONFIG_INVALID", "sending by MLLP: no connection is allowed");
    return place;
  }

  async #use<T>(place: Place, signal: AbortSignal, work: (connection: MllpConnection) => Promise<T>): Promise<T> {
    if (place.busy) await turn(place, signal);
    place.busy = true;
    try {
      if (this.#closed) throw stopped();
      return await work(place.connection);
    } finally {
      const next = place.waiting.shift();
      // It stays busy when handed on: nobody may slip in between.
      if (next) next();
      else place.busy = false;
    }
  }
}

function stopped(): BotenstoffError {
  return new BotenstoffError("DESTINATION_UNREACHABLE", "waiting for an MLLP connection: stopped");
}

function turn(place: Place, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const stop = () => {
      place.waiting = place.waiting.filter((other) => other !== give);
      reject(stopped());
    };
    place.waiting.push(give);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}
