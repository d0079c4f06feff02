const FAILURES = 3;
const FOR_MS = 10_000;

/**
 * Whether a destination answers at all, as people want to be told it: down after several failures in a row, over some
 * time, that concern it as a whole; up again with the first answer. `now` is monotonic, in milliseconds.
 */
export class Health {
  #failures = 0;
  #failingSince = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #down = false;

  get up(): boolean {
    return !this.#down;
  }

  /** Whether it has answered somebody within the time. */
  answeredWithin(ms: number, now: number): boolean {
    return now - this.#answeredAt < ms;
  }

  /** @returns what begins with this attempt, if anything */
  report(answered: boolean, now: number): "down" | "up" | undefined {
    if (answered) {
      const began = this.#down ? "up" : undefined;
      this.#failures = 0;
      this.#down = false;
      this.#answeredAt = now;
      return began;
    }
    if (this.#failures === 0) this.#failingSince = now;
    this.#failures += 1;
    if (this.#down || this.#failures < FAILURES || now - this.#failingSince < FOR_MS) return undefined;
    this.#down = true;
    return "down";
  }
}
