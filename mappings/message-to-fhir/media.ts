import type { Attachment as FhirAttachment, Media } from "@medplum/fhirtypes";
import { resourceId, sha256Identifier, uuidIdentifier } from "#src/fhir/ids.ts";
import type { Attachment, StoredContent } from "#src/message/attachment.ts";
import type { Message } from "#src/message/message.ts";
import { containedWriter, writer, type Chart } from "./chart.ts";
import { encounterReference, patientReference } from "./subject.ts";

export type MediaType = "image" | "video" | "audio";

const DISPLAY: Readonly<Record<MediaType, string>> = { image: "Image", video: "Video", audio: "Audio" };

/** A photo, video or sound as a Media that points to its Binary. */
export function media(
  message: Message,
  attachment: Attachment,
  stored: StoredContent | undefined,
  content: FhirAttachment,
  type: MediaType,
  chart: Chart,
): Media & { id: string } {
  const { subject, params } = chart;
  return {
    resourceType: "Media",
    id: resourceId("Media", attachment.id),
    ...containedWriter(message, chart),
    identifier: [uuidIdentifier(attachment.id), ...(stored ? [sha256Identifier(stored.sha256)] : [])],
    status: "completed",
    type: {
      coding: [{ system: "http://terminology.hl7.org/CodeSystem/media-type", code: type, display: DISPLAY[type] }],
    },
    subject: patientReference(subject.patient, params),
    ...(subject.encounter && { encounter: encounterReference(subject.encounter, params) }),
    createdDateTime: message.sentAt,
    issued: message.receivedAt,
    operator: writer(message, chart),
    content,
  };
}
