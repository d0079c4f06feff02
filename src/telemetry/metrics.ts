/** What the engine counts; ids of channels and destinations only. */
export interface Metrics {
  /** Seconds from receipt to acceptance at the destination. */
  observeDelivery(channel: string, destination: string, seconds: number): void;
  count(name: string, labels: Readonly<Record<string, string>>, by?: number): void;
  /** A value read at every scrape. */
  gauge(name: string, labels: Readonly<Record<string, string>>, read: () => number | undefined): void;
}
