import type { Socket } from "node:net";

interface Limits {
  readonly connections: number;
  /** Bytes of bodies not yet known to be anyone's. */
  readonly strangersBytes: number;
}

const LIMITS: Limits = { connections: 2_000, strangersBytes: 64 * 1024 * 1024 };

/** A connection that has not yet sent anything proven. */
interface Stranger {
  readonly socket: Socket;
  bytes: number;
}

/**
 * Bounds what strangers can occupy. Nobody is turned away at the door, because a stranger who fills it must not keep
 * Meta out: when there are too many connections, or too many unproven bytes, the stranger who has had the longest time
 * to prove himself is closed. A connection that sent a proven request is no stranger until its next one is read.
 */
export class Connections {
  readonly #limits: Limits;
  /** By peer, oldest first: TLS gives requests another socket than the one accepted, but the peer is the same. */
  readonly #strangers = new Map<string, Stranger>();
  readonly #proven = new Map<string, Socket>();
  #bytes = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Connections open now. */
  get open(): number {
    return this.#strangers.size + this.#proven.size;
  }

  /** Takes in a connection just accepted. */
  add(socket: Socket): void {
    const peer = peerOf(socket);
    socket.once("close", () => {
      this.#forget(peer);
      this.#proven.delete(peer);
    });
    this.#strangers.set(peer, { socket, bytes: 0 });
    if (this.open > this.#limits.connections) this.#closeOldest();
  }

  /** Counts a piece of a body whose sender is not known yet. */
  received(socket: Socket, bytes: number): void {
    const peer = peerOf(socket);
    const known = this.#proven.get(peer);
    if (known) {
      this.#proven.delete(peer);
      this.#strangers.set(peer, { socket: known, bytes: 0 });
    }
    const stranger = this.#strangers.get(peer);
    if (!stranger) return;
    stranger.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#limits.strangersBytes && this.#closeOldest((other) => other.bytes > 0));
  }

  /** The request read last was proven, or refused: its bytes are no stranger's any more. */
  judged(socket: Socket, proven: boolean): void {
    const peer = peerOf(socket);
    const stranger = this.#strangers.get(peer);
    if (!stranger) return;
    this.#bytes -= stranger.bytes;
    stranger.bytes = 0;
    if (!proven) return;
    this.#strangers.delete(peer);
    this.#proven.set(peer, stranger.socket);
  }

  #closeOldest(fits: (stranger: Stranger) => boolean = () => true): boolean {
    for (const [peer, stranger] of this.#strangers) {
      if (!fits(stranger)) continue;
      this.#forget(peer);
      stranger.socket.destroy();
      return true;
    }
    return false;
  }

  #forget(peer: string): void {
    this.#bytes -= this.#strangers.get(peer)?.bytes ?? 0;
    this.#strangers.delete(peer);
  }
}

function peerOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
