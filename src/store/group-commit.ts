import { isAboutData } from "./errors.ts";

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

/** So many share what a commit costs by itself so well that waiting for more saves nothing. */
const ENOUGH = 32;

/**
 * Gathers what arrives while a commit is under way and commits it together: one transaction per batch, not per item.
 * An idle committer starts at once, so a single item waits for nobody, unless it has patience: the batch begins when that of
 * the first ends. All items of a failed batch fail alike, unless it failed for what is in it: then each is committed alone, so
 * that nobody fails for another's.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #running = false;
  #gatheringUntil = 0;
  /** When the patience of the first of those that wait ends. */
  #dueAt = Infinity;
  #hurry: (() => void) | undefined;

  /** @param commit resolves with one result per item, in order */
  constructor(commit: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#commit = commit;
  }

  /** @param patienceMs for how long the item may wait for others */
  add(item: Item, patienceMs = 0): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length === ENOUGH) this.#hurry?.();
      const dueAt = performance.now() + patienceMs;
      if (dueAt < this.#dueAt) {
        this.#dueAt = dueAt;
        this.#hurry?.();
      }
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    // Whatever else this turn of the event loop brings joins the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await this.#ripe();
      const started = performance.now();
      const batch = this.#waiting.splice(0, MAX_BATCH);
      this.#dueAt = this.#waiting.length > 0 ? started : Infinity;
      try {
        const results = await this.#commit(batch.map((waiting) => waiting.item));
        batch.forEach((waiting, index) => waiting.resolve(results[index] as Result));
      } catch (error) {
        if (batch.length > 1 && isAboutData(error)) for (const waiting of batch) await this.#alone(waiting);
        else for (const waiting of batch) waiting.reject(error);
      }
      const now = performance.now();
      if (batch.length > 1) this.#gatheringUntil = now + Math.min(now - started, MAX_GATHERING_MS);
    }
    this.#running = false;
  }

  async #alone(waiting: Waiting<Item, Result>): Promise<void> {
    try {
      const [result] = await this.#commit([waiting.item]);
      waiting.resolve(result as Result);
    } catch (error) {
      waiting.reject(error);
    }
  }

  /** Waits until the batch is to begin; what is less than a timer's resolution away has come. */
  async #ripe(): Promise<void> {
    for (;;) {
      const gatheringUntil = this.#waiting.length < ENOUGH ? this.#gatheringUntil : 0;
      const ms = Math.max(gatheringUntil, this.#dueAt) - performance.now();
      if (ms < 1) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#hurry = undefined;
    }
  }
}
