export type LogLevel = "info" | "warn" | "error";

export interface EventEntry {
  /** The levels it is logged at: the first is the usual one. */
  readonly levels: readonly LogLevel[];
  /** What has happened, in one sentence. */
  readonly meaning: string;
  /** What the operator does about it; "None" where nothing is to be done. */
  readonly remedy: string;
}

/** One line of the closed list of log events. */
export function event<const L extends readonly LogLevel[]>(levels: L, meaning: string, remedy = "None.") {
  return { levels, meaning, remedy } as const;
}
