/** For how long epochs have been due that are still there, by the monotonic clock of this process. */
export class Overdue {
  readonly #since = new Map<number, number>();

  /** @param epochs that a round has left */
  left(epochs: readonly number[]): void {
    for (const epoch of this.#since.keys()) if (!epochs.includes(epoch)) this.#since.delete(epoch);
    for (const epoch of epochs) if (!this.#since.has(epoch)) this.#since.set(epoch, performance.now());
  }

  /** Of the one that has waited longest; 0 where none does. */
  seconds(): number {
    const [first] = [...this.#since.values()].sort((a, b) => a - b);
    return first === undefined ? 0 : (performance.now() - first) / 1_000;
  }
}
