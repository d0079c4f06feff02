import type { ImageContent, UnknownContent } from "#src/message/content.ts";
import { members } from "./member.ts";
import type { Members } from "./member.ts";
import { captionOf, reference } from "./reference.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"image","image":{"id","caption"?,…}}`. */
export function image(element: Members): Reading<ImageContent | UnknownContent> {
  const media = members(element["image"]);
  const attachment = reference(media);
  if (!attachment) return unknown("image", "malformed");
  return { content: { kind: "image", ...captionOf(media) }, attachments: [attachment] };
}
