import type { ApiDeps } from "./deps.ts";
import { unavailable } from "./problem.ts";

interface Limits {
  /** Proven bodies that wait for their commit: a PostgreSQL that hangs must not fill the memory. */
  readonly waitingBytes: number;
  /** Providers give up after 5 to 20 s; a clear 503 before that says that nothing is lost. */
  readonly patienceMs: number;
}

const LIMITS: Limits = { waitingBytes: 64 * 1024 * 1024, patienceMs: 10_000 };

/** What waits to be stored: not more than fits, and not longer than anybody listens. */
export class Room {
  readonly #log: ApiDeps["log"];
  readonly #limits: Limits;
  #bytes = 0;

  constructor({ log }: Pick<ApiDeps, "log">, limits: Partial<Limits> = {}) {
    this.#log = log;
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * Runs `store` for a body of so many bytes. A store that answers too late may still have stored the event: sent
   * again, it is recognised.
   * @throws Problem 503
   */
  async hold(bytes: number, store: () => Promise<void>): Promise<void> {
    if (this.#bytes + bytes > this.#limits.waitingBytes) {
      this.#log("error", "webhook.no_room", { waiting_bytes: this.#bytes });
      throw unavailable("Too much waits to be stored; send it again.");
    }
    this.#bytes += bytes;
    const storing = store().finally(() => (this.#bytes -= bytes));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), this.#limits.patienceMs)));
    const outcome = await Promise.race([storing, late]).finally(() => clearTimeout(timer));
    if (outcome !== "late") return;
    this.#log("error", "webhook.late", { waiting_bytes: this.#bytes });
    // Its failure is told by its own log line.
    storing.catch(() => undefined);
    throw unavailable("Storing takes too long; send it again.");
  }
}
