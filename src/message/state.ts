/** Where a message is in its life (docs/architecture.md §3). `purged` lives in the tombstone only. */
export type MessageState = "received" | "held" | "filtered" | "routed" | "filed" | "failed" | "purged";

/** Where one message is on its way to one destination. */
export type DeliveryState = "queued" | "sending" | "retrying" | "accepted" | "confirmed" | "failed" | "cancelled";

/** What a delivery is for: to file the message, or to take it out of a chart it does not belong to. */
export type DeliveryPurpose = "file" | "withdraw";

/** The legal moves of a message; nothing else moves a state. */
export const MESSAGE_MOVES: Readonly<Record<MessageState, readonly MessageState[]>> = {
  received: ["held", "filtered", "routed", "failed"],
  held: ["received"],
  filtered: ["received", "purged"],
  routed: ["filed", "failed"],
  failed: ["received", "routed", "filed"],
  // Back only to be withdrawn: nothing is filed a second time.
  filed: ["purged", "routed"],
  purged: [],
};

/** The legal moves of a delivery. */
export const DELIVERY_MOVES: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  queued: ["sending", "cancelled"],
  sending: ["sending", "queued", "retrying", "accepted", "confirmed", "failed"],
  retrying: ["sending", "cancelled"],
  accepted: ["confirmed", "failed", "cancelled"],
  confirmed: [],
  failed: ["queued", "cancelled"],
  cancelled: ["queued"],
};

export const MESSAGE_STATES = Object.keys(MESSAGE_MOVES) as readonly MessageState[];

/** Whether the table allows the move. */
export function mayMove<S extends string>(moves: Readonly<Record<S, readonly S[]>>, from: S, to: S): boolean {
  return moves[from].includes(to);
}

/** One line of a message's history. */
export interface HistoryEntry {
  readonly state: MessageState;
  /** ISO 8601, UTC. */
  readonly at: string;
}
