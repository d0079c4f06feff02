import type { TextContent, UnknownContent } from "#src/message/content.ts";
import { members } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"text","text":{"body":"…"}}`. The body is carried unaltered, U+0000 and lone surrogates included. */
export function text(element: Members): Reading<TextContent | UnknownContent> {
  const body = members(element["text"])?.["body"];
  if (typeof body !== "string" || body === "") return unknown("text", "malformed");
  return { content: { kind: "text", text: body } };
}
