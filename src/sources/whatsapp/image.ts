import type { AttachmentReference } from "#src/message/attachment.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { sha256Hex } from "./sha256.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"image","image":{"id","caption"?,"mime_type"?,"sha256"?,"url"?}}`; `url` since November 2025. */
export function image(element: Members): Reading {
  const media = members(element["image"]);
  const mediaId = word(media?.["id"]);
  if (!media || !mediaId) return unknown("image", "malformed");
  const caption = media["caption"];
  return {
    content: { kind: "image", ...(typeof caption === "string" && caption !== "" && { caption }) },
    attachments: [reference(mediaId, media)],
  };
}

function reference(mediaId: string, media: Members): AttachmentReference {
  const url = word(media["url"]);
  const declaredType = word(media["mime_type"]);
  const announcedSha256 = sha256Hex(media["sha256"]);
  return {
    mediaId,
    ...(url && { url }),
    ...(declaredType && { declaredType }),
    ...(announcedSha256 && { announcedSha256 }),
  };
}
