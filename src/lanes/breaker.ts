import type { FailureClass } from "#src/message/error-code.ts";
import { backoff } from "./backoff.ts";

const BASE_MS = 250;
const CAP_MS = 5_000;

/**
 * Holds a stage back while its destination is down: after a failure that concerns the destination as a whole only one
 * lane at a time probes it, after a growing pause. One success opens the stage again. `now` is monotonic, in
 * milliseconds: a clock that is set back must not keep a stage closed.
 */
export class Breaker {
  #failures = 0;
  #closedUntil = 0;

  /** Failures in a row; 0: open to everything. */
  get failures(): number {
    return this.#failures;
  }

  /** How many lanes may be claimed now, of `free`. */
  allowance(free: number, running: number, now: number): number {
    if (this.#failures === 0) return free;
    return running > 0 || now < this.#closedUntil ? 0 : Math.min(free, 1);
  }

  /** Milliseconds until a probe is due; 0 when open. */
  wait(now: number): number {
    return this.#failures === 0 ? 0 : Math.max(0, this.#closedUntil - now);
  }

  /** @param atLeastMs how long the destination itself asks to be left alone */
  report(failure: FailureClass | undefined, concernsOneMessage: boolean, now: number, atLeastMs = 0): void {
    if (failure === undefined || failure === "permanent" || concernsOneMessage) {
      this.#failures = 0;
      return;
    }
    const pauseMs = Math.max(backoff(this.#failures, BASE_MS, CAP_MS), atLeastMs);
    this.#closedUntil = Math.max(this.#closedUntil, now + pauseMs);
    this.#failures += 1;
  }
}
