/** Where a message is in its life (docs/architecture.md §3). `purged` lives in the tombstone only. */
export type MessageState = "received" | "held" | "filtered" | "routed" | "filed" | "withdrawn" | "failed" | "purged";

/** Where one message is on its way to one destination. */
export type DeliveryState =
  "queued" | "sending" | "retrying" | "accepted" | "confirmed" | "failed" | "skipped" | "cancelled";

/** What a delivery is for: to file the message, or to take it out of a chart it does not belong to. */
export type DeliveryPurpose = "file" | "addendum" | "withdraw";

/** Why a message is taken out of a chart; `forGood`: it belongs into no other either, and its retention runs. */
export const WITHDRAWALS = {
  wrong_patient: { forGood: false },
  wrong_case: { forGood: false },
  sent_by_mistake: { forGood: true },
  other: { forGood: false },
} as const;

export type Withdrawal = keyof typeof WITHDRAWALS;

/** Why a delivery is skipped. */
export const SKIPS = [
  "refused_for_good",
  "filed_by_hand",
  "not_for_this_destination",
  "destination_gone",
  "other",
] as const;

/** Why a destination gets a message again. */
export const RESENDS = ["lost_there", "restored_from_backup", "skipped_in_error", "other"] as const;

/** The legal moves of a message; nothing else moves a state. */
export const MESSAGE_MOVES: Readonly<Record<MessageState, readonly MessageState[]>> = {
  received: ["held", "filtered", "routed", "failed"],
  // Filtered: it only stood in for a message that has come.
  held: ["received", "filtered"],
  filtered: ["received", "purged"],
  routed: ["filed", "failed", "withdrawn"],
  failed: ["received", "routed", "filed", "withdrawn"],
  // Back to be withdrawn, or sent to one destination again: nothing else is filed a second time.
  filed: ["purged", "routed"],
  // Back to be decided anew, and filed under new ids.
  withdrawn: ["received", "purged"],
  purged: [],
};

/** The legal moves of a delivery. */
export const DELIVERY_MOVES: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  queued: ["sending", "cancelled", "skipped"],
  sending: ["sending", "queued", "retrying", "accepted", "confirmed", "failed"],
  retrying: ["sending", "cancelled", "skipped"],
  accepted: ["confirmed", "failed", "cancelled", "skipped", "queued"],
  // Back to be sent again, to a destination that has lost it.
  confirmed: ["queued"],
  failed: ["queued", "cancelled", "skipped"],
  skipped: ["queued", "cancelled"],
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
