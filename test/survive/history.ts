/** One thing that happened in a round, in the order it was seen. */
export interface Happening {
  /** Milliseconds since the round began. */
  readonly at: number;
  readonly what: string;
  /** The wamid or message id it concerns; absent for a fault. */
  readonly message?: string;
}

/** One message the load sent. */
export interface Sent {
  readonly wamid: string;
  /** Position in its conversation, from 0. */
  readonly position: number;
  /** Absent: a stranger, whose messages must be held. */
  readonly patient?: string;
  readonly text: string;
  /** SHA-256 (hex) of the image sent with it. */
  readonly image?: string;
  /** Its image never comes. */
  readonly lost?: true;
  /** Whoever works on it dies of it. */
  readonly deadly?: true;
}

/** Everything seen in one round. */
export class History {
  readonly happenings: Happening[] = [];
  readonly sent: Sent[] = [];
  /** Wamids of what the engines set aside. */
  readonly setAside = new Set<string>();
  readonly #began = performance.now();

  add(what: string, message?: string): void {
    const at = Math.round(performance.now() - this.#began);
    this.happenings.push({ at, what, ...(message !== undefined && { message }) });
  }

  /** The faults, and what happened to these messages: the shortest story that shows what went wrong with them. */
  about(messages: ReadonlySet<string>): string[] {
    return this.happenings
      .filter(({ message }) => message === undefined || messages.has(message))
      .map(
        ({ at, what, message }) => `${String(at).padStart(7)} ms  ${what}${message ? `  ${message.slice(-12)}` : ""}`,
      );
  }
}
