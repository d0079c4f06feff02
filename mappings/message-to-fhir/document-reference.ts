import type { Attachment as FhirAttachment, DocumentReference } from "@medplum/fhirtypes";
import { resourceId, sha256Identifier, uuidIdentifier } from "#src/fhir/ids.ts";
import type { Attachment, StoredContent } from "#src/message/attachment.ts";
import type { Message } from "#src/message/message.ts";
import { containedWriter, writer, type Chart } from "./chart.ts";
import { encounterReference, patientReference } from "./subject.ts";

/** A file as a DocumentReference that points to its Binary. */
export function documentReference(
  message: Message,
  attachment: Attachment,
  stored: StoredContent | undefined,
  content: FhirAttachment,
  chart: Chart,
): DocumentReference & { id: string } {
  const { subject, params } = chart;
  return {
    resourceType: "DocumentReference",
    id: resourceId("DocumentReference", attachment.id),
    ...containedWriter(message, chart),
    identifier: [uuidIdentifier(attachment.id), ...(stored ? [sha256Identifier(stored.sha256)] : [])],
    status: "current",
    subject: patientReference(subject.patient, params),
    date: message.sentAt,
    author: [writer(message, chart)],
    content: [{ attachment: content }],
    ...(subject.encounter && { context: { encounter: [encounterReference(subject.encounter, params)] } }),
  };
}
