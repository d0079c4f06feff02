import type { CounterName, GaugeName, LabelsOf } from "./metric-list.ts";

/** What the engine counts; ids of channels and destinations only. */
export interface Metrics {
  /** Seconds from receipt to acceptance at the destination. */
  observeDelivery(channel: string, destination: string, seconds: number): void;
  /** Adds to the counter `botenstoff_<name>_total`. */
  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void;
  /**
   * Offers a value for the gauge `botenstoff_<name>`, read at every scrape: `undefined` leaves it out, offering it again
   * under the same labels replaces it.
   */
  gauge<N extends GaugeName>(name: N, labels: LabelsOf<N>, read: () => number | undefined): void;
}
