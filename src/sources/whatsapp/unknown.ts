import type { AttachmentReference } from "#src/message/attachment.ts";
import type { Content } from "#src/message/content.ts";
import type { HoldReason } from "#src/message/message.ts";

/** What one element says, without the who and when that all elements share. */
export interface Reading {
  readonly content: Content;
  readonly attachments?: readonly AttachmentReference[];
  readonly hold?: HoldReason;
}

/** An element the engine cannot carry yet: visible and held. `sourceKind` comes from outside and is tamed here. */
export function unknown(sourceKind: string, hold: HoldReason = "unsupported"): Reading {
  return { content: { kind: "unknown", sourceKind: tame(sourceKind) }, hold };
}

/** Shown to people and written to logs: at most 64 characters of [a-z0-9_:.-]. */
function tame(sourceKind: string): string {
  return sourceKind
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_:.-]/g, "_")
    .slice(0, 64);
}
