import type { UnknownContent, VideoContent } from "#src/message/content.ts";
import { members } from "./member.ts";
import type { Members } from "./member.ts";
import { captionOf, reference } from "./reference.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"video","video":{"id","caption"?,…}}`. */
export function video(element: Members): Reading<VideoContent | UnknownContent> {
  const media = members(element["video"]);
  const attachment = reference(media);
  if (!attachment) return unknown("video", "malformed");
  return { content: { kind: "video", ...captionOf(media) }, attachments: [attachment] };
}
