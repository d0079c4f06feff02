/**
 * How far a sent message has come, as one value that never goes back. Providers report statuses unordered, repeatedly
 * and with gaps (`read` without `delivered`), so the value is the greatest of all reports, whatever their order.
 * `failed` outranks `sent` and stays, unless the phone itself proves receipt: then the failure was one of reporting, and
 * its codes remain visible.
 */
export const STATUS_RANKS = { sent: 1, failed: 2, delivered: 3, read: 4, played: 5 } as const;

export type OutboundState = keyof typeof STATUS_RANKS;

export interface OutboundStatus {
  readonly state: OutboundState;
  /** When that state was reached first; ISO 8601, UTC. */
  readonly at: string;
  /** Error codes of every failure reported; sorted, each once, at most 50. */
  readonly codes: readonly string[];
}

export const OUTBOUND_STATES = Object.keys(STATUS_RANKS) as readonly OutboundState[];

/** The state a status event moves a message to; undefined for events that do not say how far it has come. */
export function outboundState(event: string): OutboundState | undefined {
  return OUTBOUND_STATES.find((state) => state === event);
}

/** The first of them in order, so that joining stays independent of the order of reports. */
const MOST_CODES = 50;

/** Two reports in one: commutative, associative and idempotent, so order and repetition cannot matter. */
export function joinStatus(a: OutboundStatus, b: OutboundStatus): OutboundStatus {
  const codes = [...new Set([...a.codes, ...b.codes])].sort().slice(0, MOST_CODES);
  const [ahead, behind] = STATUS_RANKS[a.state] >= STATUS_RANKS[b.state] ? [a, b] : [b, a];
  const at = ahead.state === behind.state && behind.at < ahead.at ? behind.at : ahead.at;
  return { state: ahead.state, at, codes };
}
