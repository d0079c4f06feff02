import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** A quick reply of a template: `{"type":"button","button":{"payload","text"}}`. */
export function button(element: Members): Reading {
  const chosen = members(element["button"]);
  const payload = word(chosen?.["payload"]);
  const text = word(chosen?.["text"]) ?? payload;
  if (text === undefined) return unknown("button", "malformed");
  return { content: { kind: "choice", via: "button", text, ...(payload !== undefined && { payload }) } };
}
