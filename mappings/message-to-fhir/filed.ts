import type { Attachment as FhirAttachment, Binary, DocumentReference, Media } from "@medplum/fhirtypes";
import { resourceId } from "#src/fhir/ids.ts";
import { fhirString } from "#src/fhir/text.ts";
import { fileable, filedParts, type Attachment, type StoredContent } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { shownFileName } from "#src/message/file-name.ts";
import type { Message } from "#src/message/message.ts";
import { absenceLines, nameLines, remarkLines } from "#src/wording/readable.ts";
import { told } from "#src/wording/typed.ts";
import type { Chart } from "./chart.ts";
import { documentReference } from "./document-reference.ts";
import { media, type MediaType } from "./media.ts";
import { patientReference } from "./subject.ts";

/** An attachment as it goes into the chart: the bytes, and the resource that says what they are. */
export interface FiledAttachment {
  readonly attachmentId: string;
  readonly stored: StoredContent;
  readonly binary: Binary & { id: string };
  readonly description: (Media | DocumentReference) & { id: string };
  /** What the reader is told about it, in lines. */
  readonly remarks: readonly string[];
  /** Set where the picture is made smaller: to at most so many bytes. */
  readonly scaledTo?: number;
}

/** One that is not there: the line in its place. */
export interface AbsentAttachment {
  readonly placeholder: string;
}

/** What libvips reads of what phones send. */
const SCALABLE = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff"]);

/**
 * Every attachment of a message. Media is for photos, video and sound only (R4 media.html), so anything else is a
 * document; `as` says what the sender sent it as, its type decides where the sender did not say.
 */
export function filed(
  message: Message,
  chart: Chart,
  as?: MediaType | "document",
): (FiledAttachment | AbsentAttachment)[] {
  return message.attachments.flatMap(filedParts).map((attachment) => {
    const absent = absenceLines(message.content, attachment, chart.words);
    if (absent.length > 0) return { placeholder: absent.join("\n") };
    const stored = fileable(attachment);
    if (!stored) throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-fhir: an attachment was not fetched");
    const { type, scaledTo, lines } = sizeOf(message, attachment, stored, chart);
    const remarks = [...remarkLines(message.content, attachment, chart.words), ...lines];
    if (type === undefined) {
      const noun = nameLines(message.content, attachment, chart.words);
      return { placeholder: [...noun, ...remarks].join("\n") };
    }
    const binary: Binary & { id: string } = {
      resourceType: "Binary",
      id: resourceId("Binary", attachment.id),
      contentType: type,
      securityContext: patientReference(chart.subject.patient, chart.params),
    };
    const known = scaledTo === undefined ? stored : undefined;
    const content = describe(message, attachment, { type, known }, binary.id, chart);
    const what = as ?? mediaTypeOf(stored);
    const description =
      what === "document"
        ? documentReference(message, attachment, known, content, chart)
        : media(message, attachment, known, content, what, chart);
    const scaled = scaledTo === undefined ? {} : { scaledTo };
    return { attachmentId: attachment.id, stored, binary, description, remarks, ...scaled };
  });
}

interface Size {
  /** What goes into the chart; undefined where nothing does. */
  readonly type: string | undefined;
  readonly scaledTo?: number;
  /** What the reader is told about it. */
  readonly lines: readonly string[];
}

/**
 * How an attachment goes into a chart that does not take everything: as it is, as a smaller picture, or as lines that say what
 * it is and where.
 * @throws BotenstoffError MAPPING_FAILED when it is too large and the policy is to refuse
 */
function sizeOf(message: Message, { id }: Attachment, stored: StoredContent, { params, words, fit }: Chart): Size {
  const { type, bytes, sha256 } = stored;
  const limit = Math.min(
    fit?.maxBytes ?? Number.POSITIVE_INFINITY,
    params.max_attachment_bytes ?? Number.POSITIVE_INFINITY,
  );
  if (bytes <= limit) return { type, lines: [] };
  if (params.oversize === "refuse")
    throw new BotenstoffError(
      "MAPPING_FAILED",
      `mapping message-to-fhir: an attachment of ${bytes} bytes is larger than the server takes (${limit})`,
    );
  const original = `${type}, ${words.size(bytes)}, SHA-256 ${sha256}`;
  const drawable = SCALABLE.has(type) && !(fit?.undrawable ?? []).includes(id);
  if (params.oversize === "scale" && drawable && limit > 0)
    return { type: "image/jpeg", scaledTo: limit, lines: [told(words.pictureReduced(words.size(limit), original))] };
  const url = params.oversize === "mention" ? undefined : params.reference_url;
  if (url === undefined) return { type: undefined, lines: [told(words.tooLargeForChart(original))] };
  const values: Readonly<Record<string, string>> = { message: message.id, attachment: id, sha256 };
  const address = url.replaceAll(/\{(message|attachment|sha256)\}/g, (_all, name: string) => values[name] ?? "");
  return { type: undefined, lines: [told(words.notEmbedded(original, address))] };
}

function mediaTypeOf({ type }: StoredContent): MediaType | "document" {
  const [kind] = type.split("/");
  return kind === "image" || kind === "video" || kind === "audio" ? kind : "document";
}

/** FHIR R4's Attachment.hash is SHA-1; the title of a file is the name its sender gave it. */
function describe(
  message: Message,
  { reference }: Attachment,
  { type, known }: { readonly type: string; readonly known: StoredContent | undefined },
  binaryId: string,
  { words, sourceName }: Chart,
): FhirAttachment {
  const fileName = shownFileName(reference.fileName);
  return {
    contentType: type,
    url: `Binary/${binaryId}`,
    ...(known && { size: known.bytes, hash: Buffer.from(known.sha1, "hex").toString("base64") }),
    title: fhirString(fileName ?? words.untitled(sourceName, message.sentAt.slice(0, 10))),
    creation: message.sentAt,
  };
}
