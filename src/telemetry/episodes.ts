/** What an episode was, told when it is over. */
export interface Episode {
  /** How often it happened. */
  readonly count: number;
  readonly seconds: number;
}

interface Open {
  readonly since: number;
  count: number;
  timer: NodeJS.Timeout | undefined;
}

/** More at a time are not told of: whoever causes so many wants to fill the log. */
const MOST = 1_000;

/**
 * What happens again and again is told once when it begins, and once when it is over: when somebody says so, or when it has
 * not happened for a while.
 */
export class Episodes {
  readonly #quietMs: number | undefined;
  readonly #open = new Map<string, Open>();

  constructor(quietMs?: number) {
    this.#quietMs = quietMs;
  }

  /** @param over called when it has been quiet for so long @returns whether it begins with this */
  happened(name: string, over?: (episode: Episode) => void): boolean {
    const known = this.#open.get(name);
    if (!known && this.#open.size >= MOST) return false;
    const open = known ?? { since: performance.now(), count: 0, timer: undefined };
    open.count += 1;
    if (over && this.#quietMs !== undefined) {
      clearTimeout(open.timer);
      open.timer = setTimeout(() => {
        const ended = this.over(name);
        if (ended) over(ended);
      }, this.#quietMs).unref();
    }
    this.#open.set(name, open);
    return !known;
  }

  /** @returns what it was; undefined where it had not begun */
  over(name: string): Episode | undefined {
    const open = this.#open.get(name);
    if (!open) return undefined;
    clearTimeout(open.timer);
    this.#open.delete(name);
    return { count: open.count, seconds: Math.round((performance.now() - open.since) / 1_000) };
  }
}

/** What strangers cause is over when nobody has done it for so long. */
export const QUIET_MS = 300_000;
