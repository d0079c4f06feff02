import type { AttachmentReference } from "#src/message/attachment.ts";
import type { Content, UnknownContent } from "#src/message/content.ts";
import type { HoldReason } from "#src/message/message.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";

/** What one element says, without the who and when that all elements share. */
export interface Reading<C extends Content = Content> {
  readonly content: C;
  readonly attachments?: readonly AttachmentReference[];
  readonly hold?: HoldReason;
}

/** An element the engine cannot carry yet: visible and held. `sourceKind` comes from outside and is tamed here. */
export function unknown(
  sourceKind: string,
  hold: HoldReason = "unsupported",
  codes: readonly string[] = [],
): Reading<UnknownContent> {
  return { content: { kind: "unknown", sourceKind: tame(sourceKind), ...(codes.length > 0 && { codes }) }, hold };
}

const MOST_CODES = 50;

/** The codes in an element's `errors[]`: why Meta could not deliver it. Digits only, sorted, each once, the first 50. */
export function errorCodes(element: Members): string[] {
  const codes = (list(element["errors"]) ?? []).flatMap((error) => word(members(error)?.["code"]) ?? []);
  return [...new Set(codes.filter((code) => /^\d{1,9}$/.test(code)))].sort().slice(0, MOST_CODES);
}

/** Shown to people and written to logs: at most 64 characters of [a-z0-9_:.-]. */
export function tame(sourceKind: string): string {
  return sourceKind
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_:.-]/g, "_")
    .slice(0, 64);
}
