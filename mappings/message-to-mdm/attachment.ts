import type { Field } from "#src/hl7/message.ts";
import type { Fit } from "#src/message/mapping.ts";
import { absence, fileable, filedParts, type Attachment, type StoredContent } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Message } from "#src/message/message.ts";
import { shownFileName } from "#src/message/file-name.ts";
import type { Block } from "#src/message/sheet.ts";
import { told } from "#src/wording/typed.ts";
import type { Words } from "#src/wording/words.ts";
import { resourceId } from "#src/fhir/ids.ts";
import { encapsulated, pointer } from "./data-type.ts";
import type { MdmParams } from "./params.ts";
import type { Rendering } from "./rendering.ts";

/** An attachment on its way: the observation that carries it, and what the reader must know about that. */
export interface Carried {
  readonly type: "ED" | "RP";
  readonly id: readonly string[];
  /** Absent: nothing travels, the remark says where the original is. */
  readonly value?: Field;
  readonly mimeType: string;
  /** The name its sender gave it, fit to be shown. */
  readonly fileName?: string;
  /** Lines of the document; none where the attachment goes as it is. */
  readonly remark: readonly string[];
  /** Set for what can be drawn. */
  readonly picture?: Block;
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  image: ["IMAGE", "Image of the message", "L"],
  audio: ["AUDIO", "Sound of the message", "L"],
  video: ["VIDEO", "Video of the message", "L"],
};
const FILE = ["FILE", "File of the message", "L"];
/** What libvips reads of what phones send. */
const PICTURES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff"]);

/** The attachments of a message that are there. */
export function partsOf(
  message: Message,
  { params, words, fit }: Pick<Rendering, "params" | "words" | "fit">,
): Carried[] {
  const here = message.attachments.filter((attachment) => absence(attachment) === undefined);
  return here.flatMap(filedParts).map((attachment) => carried(attachment, message, params, words, fit));
}

/** What goes into a segment of its own. */
export function travelling(parts: readonly Carried[]): (Carried & { readonly value: Field })[] {
  return parts.flatMap((part) => (part.value === undefined ? [] : [{ ...part, value: part.value }]));
}

/**
 * Decides by size how an attachment travels: inside the message, as a pointer, as a smaller picture, or not at all, and then
 * a line tells what it is and where.
 * @throws BotenstoffError MAPPING_FAILED when its bytes are not here, or it is too large and the policy is to refuse
 */
function carried(
  attachment: Attachment,
  message: Message,
  params: MdmParams,
  words: Words,
  { undrawable = [] }: Fit = {},
): Carried {
  const { id } = attachment;
  const stored = fileable(attachment);
  if (!stored) {
    throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-mdm: an attachment has no content to send");
  }
  const unreadable = undrawable.includes(id);
  const drawable = PICTURES.has(stored.type) && !unreadable;
  const fileName = shownFileName(attachment.reference.fileName);
  const named = {
    id: NAMES[stored.type.split("/")[0] ?? ""] ?? FILE,
    mimeType: stored.type,
    ...(fileName !== undefined && { fileName }),
  };
  const limit = params.max_inline_bytes;
  if (stored.bytes <= limit) {
    const value = encapsulated(stored.type, { blob: id }, params);
    const remark = unreadable ? [told(words.pictureUnreadable)] : [];
    return { ...named, type: "ED", value, remark, ...(drawable && { picture: { picture: id } }) };
  }
  if (params.oversize === "scale" && drawable) {
    const value = encapsulated("image/jpeg", { scaled: id, maxBytes: limit }, params);
    const remark = [told(words.pictureReduced(words.size(limit), original(stored, words)))];
    return { ...named, type: "ED", mimeType: "image/jpeg", value, remark, picture: { picture: id, maxBytes: limit } };
  }
  const points = params.oversize === "scale" || params.oversize === "reference";
  if (points && params.reference_url !== undefined) {
    const url = fill(params.reference_url, { message: message.id, attachment: id, sha256: stored.sha256 });
    const value = pointer(url, stored.type, params);
    return { ...named, type: "RP", value, remark: [told(words.notEmbedded(original(stored, words), url))] };
  }
  if (params.oversize === "refuse") {
    throw new BotenstoffError(
      "MAPPING_FAILED",
      `mapping message-to-mdm: an attachment of ${stored.bytes} bytes is larger than max_inline_bytes (${limit})`,
    );
  }
  const what = [fileName, original(stored, words)].filter((part) => part !== undefined).join(", ");
  const where = params.original_in_fhir ? `Binary/${resourceId("Binary", id)}` : undefined;
  return { ...named, type: "RP", remark: [told(words.tooLarge(what, where))] };
}

function original({ type, bytes, sha256 }: StoredContent, words: Words): string {
  return `${type}, ${words.size(bytes)}, SHA-256 ${sha256}`;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(message|attachment|sha256)\}/g, (_all, name: string) => values[name] ?? "");
}
