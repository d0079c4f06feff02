import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"reaction","reaction":{"message_id","emoji"?}}`; without an emoji, or with "", it is taken back. */
export function reaction(element: Members): Reading {
  const said = members(element["reaction"]);
  const target = word(said?.["message_id"]);
  const emoji = word(said?.["emoji"]);
  if (target === undefined) return unknown("reaction", "malformed");
  return { content: { kind: "reaction", target, ...(emoji !== undefined && { emoji }) } };
}
