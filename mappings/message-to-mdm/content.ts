import type { Segment } from "#src/hl7/message.ts";

/** The document itself: what TXA-3 calls it and the OBX segments that carry it. */
export interface DocumentContent {
  /** TXA-3 of the international profile, table 0191. */
  readonly presentation: string;
  readonly mimeType: string;
  readonly observations: readonly Segment[];
}
