import type { DocumentContent, UnknownContent } from "#src/message/content.ts";
import { members } from "./member.ts";
import type { Members } from "./member.ts";
import { captionOf, reference } from "./reference.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"document","document":{"id","filename"?,"caption"?,…}}`; the file name is the sender's choice. */
export function document(element: Members): Reading<DocumentContent | UnknownContent> {
  const media = members(element["document"]);
  const attachment = reference(media);
  if (!attachment) return unknown("document", "malformed");
  return { content: { kind: "document", ...captionOf(media) }, attachments: [attachment] };
}
