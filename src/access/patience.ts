const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
/** Pairs kept at once; the oldest is forgotten first. */
const KEPT = 10_000;

/**
 * Makes whoever is wrong wait, twice as long each time, by account and address together: nobody can lock out the holder of
 * an account by being wrong in its name from elsewhere.
 */
export class Patience {
  readonly #wrong = new Map<string, { times: number; until: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds until the next attempt is looked at. */
  left(account: string, address: string): number {
    return Math.max(0, (this.#wrong.get(key(account, address))?.until ?? 0) - this.#now());
  }

  failed(account: string, address: string): void {
    const name = key(account, address);
    const times = (this.#wrong.get(name)?.times ?? 0) + 1;
    this.#wrong.delete(name);
    this.#wrong.set(name, { times, until: this.#now() + Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1)) });
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size > KEPT && oldest !== undefined) this.#wrong.delete(oldest);
  }

  succeeded(account: string, address: string): void {
    this.#wrong.delete(key(account, address));
  }
}

function key(account: string, address: string): string {
  return `${account}\0${address}`;
}
