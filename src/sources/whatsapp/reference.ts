import type { AttachmentReference } from "#src/message/attachment.ts";
import { word } from "./member.ts";
import type { Members } from "./member.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * The attachment a media object announces: `{"id","mime_type"?,"sha256"?,"url"?,"filename"?}`; `url` since November
 * 2025. A form's uploads call the name `file_name`. Undefined without an id, because nothing could be fetched.
 */
export function reference(media: Members | undefined): AttachmentReference | undefined {
  const mediaId = word(media?.["id"]);
  if (!media || mediaId === undefined) return undefined;
  const url = word(media["url"]);
  const declaredType = word(media["mime_type"]);
  const announcedSha256 = sha256Hex(media["sha256"]);
  const fileName = word(media["filename"]) ?? word(media["file_name"]);
  return {
    mediaId,
    ...(url && { url }),
    ...(declaredType && { declaredType }),
    ...(announcedSha256 && { announcedSha256 }),
    ...(fileName && { fileName }),
  };
}

/** `{"caption":"…"}` for spreading into a content; an empty caption is none. */
export function captionOf(media: Members | undefined): { caption?: string } {
  const caption = media?.["caption"];
  return typeof caption === "string" && caption !== "" ? { caption } : {};
}
