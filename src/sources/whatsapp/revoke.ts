import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"revoke","revoke":{"original_message_id"}}`: the sender deleted a message for everyone, within two days. */
export function revoke(element: Members): Reading {
  const target = word(members(element["revoke"])?.["original_message_id"]);
  return target === undefined ? unknown("revoke", "malformed") : { content: { kind: "revoke", target } };
}
