import type { ApiDeps } from "../deps.ts";
import { unavailable } from "../problem.ts";

interface Limits {
  /** Proven bodies that wait for their commit: a PostgreSQL that hangs must not fill the memory. */
  readonly waitingBytes: number;
  /** Providers give up after 5 to 20 s; a clear 503 before that says that nothing is lost. */
  readonly patienceMs: number;
}

const LIMITS: Limits = { waitingBytes: 64 * 1024 * 1024, patienceMs: 10_000 };

interface Waiting {
  readonly until: number;
  readonly tellLate: () => void;
}

/** What waits to be stored: not more than fits, and not longer than anybody listens. */
export class Room {
  readonly #log: ApiDeps["log"];
  readonly #limits: Limits;
  /** Who is still listened to; all are as patient, so the first to come is the first to be late. */
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;
  /** One for all that wait: to set and clear one for each would cost as much as its signature. */
  #timer: NodeJS.Timeout | undefined;

  constructor({ log }: Pick<ApiDeps, "log">, limits: Partial<Limits> = {}) {
    this.#log = log;
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * Runs `store` for a body of so many bytes. A store that answers too late may still have stored the event: sent
   * again, it is recognised.
   * @throws Problem 503
   */
  hold(bytes: number, store: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#bytes + bytes > this.#limits.waitingBytes) {
        this.#log("error", "webhook.no_room", { waiting_bytes: this.#bytes });
        reject(unavailable("Too much waits to be stored; send it again."));
        return;
      }
      this.#bytes += bytes;
      const tellLate = () => {
        this.#log("error", "webhook.late", { waiting_bytes: this.#bytes });
        reject(unavailable("Storing takes too long; send it again."));
      };
      const waiting = { until: performance.now() + this.#limits.patienceMs, tellLate };
      this.#waiting.add(waiting);
      if (!this.#timer) this.#timer = this.#lookAfter(this.#limits.patienceMs);
      store()
        .finally(() => {
          this.#bytes -= bytes;
          this.#waiting.delete(waiting);
        })
        .then(resolve, reject);
    });
  }

  #lookAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#turnLateAway(), ms).unref();
  }

  #turnLateAway(): void {
    this.#timer = undefined;
    for (const waiting of this.#waiting) {
      const ms = waiting.until - performance.now();
      if (ms > 0) {
        this.#timer = this.#lookAfter(ms);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.tellLate();
    }
  }
}
