import type { EditContent, UnknownContent } from "#src/message/content.ts";
import { document } from "./document.ts";
import { image } from "./image.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { captionOf } from "./reference.ts";
import { text } from "./text.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";
import { video } from "./video.ts";

/**
 * `{"type":"edit","edit":{"original_message_id","message":{"type":"text","text":{…},"context"?}}}`. Meta allows it for
 * text and captions, within 15 minutes, on coexistence numbers; a caption may come without the media it belongs to.
 */
export function edit(element: Members): Reading {
  const said = members(element["edit"]);
  const target = word(said?.["original_message_id"]);
  const message = members(said?.["message"]);
  if (target === undefined || !message) return unknown("edit", "malformed");
  const type = word(message["type"]) ?? "untyped";
  const revised = revision(type, message);
  if (!revised) return unknown(`edit:${type}`);
  const { content, attachments } = revised;
  if (content.kind === "unknown") return unknown(`edit:${type}`, "malformed");
  return { content: { kind: "edit", target, revised: content }, ...(attachments && { attachments }) };
}

type Revision = Reading<EditContent["revised"] | UnknownContent>;

function revision(type: string, message: Members): Revision | undefined {
  switch (type) {
    case "text":
      return text(message);
    case "image":
      return captionOnly("image", message) ?? image(message);
    case "video":
      return captionOnly("video", message) ?? video(message);
    case "document":
      return captionOnly("document", message) ?? document(message);
    default:
      return undefined;
  }
}

function captionOnly(kind: "image" | "video" | "document", message: Members): Revision | undefined {
  const media = members(message[kind]);
  const { caption } = captionOf(media);
  return media?.["id"] === undefined && caption !== undefined ? { content: { kind, caption } } : undefined;
}
