interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** More in one transaction would hold its locks for long. */
const MAX_BATCH = 500;

/**
 * After a batch of several, the next gathers for as long as that one took: a machine or a database that is busy is so in
 * part with our commits, and larger batches cost it less. At most this long, in milliseconds.
 */
const MAX_GATHERING_MS = 25;

/**
 * Gathers what arrives while a commit is under way and commits it together: one transaction per batch, not per item.
 * An idle committer starts at once, so a single item waits for nobody. All items of a failed batch fail alike.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #running = false;
  #gatheringUntil = 0;

  /** @param commit resolves with one result per item, in order */
  constructor(commit: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#commit = commit;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    // Whatever else this turn of the event loop brings joins the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await until(this.#gatheringUntil);
      const started = performance.now();
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        const results = await this.#commit(batch.map((waiting) => waiting.item));
        batch.forEach((waiting, index) => waiting.resolve(results[index] as Result));
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
      const now = performance.now();
      if (batch.length > 1) this.#gatheringUntil = now + Math.min(now - started, MAX_GATHERING_MS);
    }
    this.#running = false;
  }
}

/** Waits for a point of the monotonic clock; what is less than a timer's resolution away is there. */
async function until(time: number): Promise<void> {
  const ms = time - performance.now();
  if (ms >= 1) await new Promise((resolve) => setTimeout(resolve, ms));
}
