interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Gathers what arrives while a commit is under way and commits it together: one transaction per batch, not per item.
 * An idle committer starts at once, so a single item waits for nobody. All items of a failed batch fail alike.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #limit: number;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  readonly #lanes: number;

  /** @param commit resolves with one result per item, in order; at most `parallel` run side by side */
  constructor(commit: (items: readonly Item[]) => Promise<readonly Result[]>, limit = 500, parallel = 1) {
    this.#commit = commit;
    this.#limit = limit;
    this.#lanes = parallel;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running < this.#lanes) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running += 1;
    // Whatever else this turn of the event loop brings joins the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#limit);
      try {
        const results = await this.#commit(batch.map((waiting) => waiting.item));
        batch.forEach((waiting, index) => waiting.resolve(results[index] as Result));
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#running -= 1;
  }
}
