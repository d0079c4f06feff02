import type { Attachment as FhirAttachment, Binary, DocumentReference, Media } from "@medplum/fhirtypes";
import { resourceId } from "#src/fhir/ids.ts";
import { fhirString } from "#src/fhir/text.ts";
import { fileable, filedParts, type Attachment, type StoredContent } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { shownFileName } from "#src/message/file-name.ts";
import type { Message } from "#src/message/message.ts";
import { absenceLines, remarkLines } from "#src/wording/readable.ts";
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
}

/** One that is not there: the line in its place. */
export interface AbsentAttachment {
  readonly placeholder: string;
}

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
    const binary: Binary & { id: string } = {
      resourceType: "Binary",
      id: resourceId("Binary", attachment.id),
      contentType: stored.type,
      securityContext: patientReference(chart.subject.patient, chart.params),
    };
    const content = describe(message, attachment, stored, binary.id, chart);
    const what = as ?? mediaTypeOf(stored);
    const description =
      what === "document"
        ? documentReference(message, attachment, stored, content, chart)
        : media(message, attachment, stored, content, what, chart);
    const remarks = remarkLines(message.content, attachment, chart.words);
    return { attachmentId: attachment.id, stored, binary, description, remarks };
  });
}

function mediaTypeOf({ type }: StoredContent): MediaType | "document" {
  const [kind] = type.split("/");
  return kind === "image" || kind === "video" || kind === "audio" ? kind : "document";
}

/** FHIR R4's Attachment.hash is SHA-1; the title of a file is the name its sender gave it. */
function describe(
  message: Message,
  { reference }: Attachment,
  stored: StoredContent,
  binaryId: string,
  { words, sourceName }: Chart,
): FhirAttachment {
  const fileName = shownFileName(reference.fileName);
  return {
    contentType: stored.type,
    url: `Binary/${binaryId}`,
    size: stored.bytes,
    hash: Buffer.from(stored.sha1, "hex").toString("base64"),
    title: fhirString(fileName ?? words.untitled(sourceName, message.sentAt.slice(0, 10))),
    creation: message.sentAt,
  };
}
