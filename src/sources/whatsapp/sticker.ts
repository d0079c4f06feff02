import { members } from "./member.ts";
import type { Members } from "./member.ts";
import { reference } from "./reference.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"sticker","sticker":{"id","animated"?,…}}`. */
export function sticker(element: Members): Reading {
  const media = members(element["sticker"]);
  const attachment = reference(media);
  if (!attachment) return unknown("sticker", "malformed");
  return { content: { kind: "sticker", animated: media?.["animated"] === true }, attachments: [attachment] };
}
