import { findMarker } from "./marker.ts";

/** What a sink saw of the invariants. */
export interface ArrivalReport {
  /** Everything that came, repeats included. */
  readonly received: number;
  /** Different messages, by the id the destination would know them by. */
  readonly distinct: number;
  /** The same id once more: a resend after doubt, or a fault (I2). */
  readonly repeated: number;
  /** First arrivals that were not the next of their conversation. */
  readonly outOfOrder: number;
  readonly unmarked: number;
}

/** Keeps book of what arrives: once, and in each conversation's order without gaps. */
export class Arrivals {
  readonly #seen = new Set<string>();
  readonly #next = new Map<number, number>();
  #received = 0;
  #outOfOrder = 0;
  #unmarked = 0;

  /** @param text where the message's marker is to be found */
  add(id: string, text: string): void {
    this.#received += 1;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const marker = findMarker(text);
    if (!marker) {
      this.#unmarked += 1;
      return;
    }
    const { conversation, ordinal } = marker;
    const wanted = this.#next.get(conversation) ?? 0;
    if (ordinal !== wanted) this.#outOfOrder += 1;
    this.#next.set(conversation, Math.max(wanted, ordinal + 1));
  }

  report(): ArrivalReport {
    const distinct = this.#seen.size;
    return {
      received: this.#received,
      distinct,
      repeated: this.#received - distinct,
      outOfOrder: this.#outOfOrder,
      unmarked: this.#unmarked,
    };
  }
}
