import type { Binary, CommunicationPayload, Media } from "@medplum/fhirtypes";
import { resourceId, uuidIdentifier } from "#src/fhir/ids.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { fileable, type Attachment, type StoredContent } from "#src/message/attachment.ts";
import type { Subject } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Message } from "#src/message/message.ts";
import { communication, textPayload } from "./communication.ts";
import type { Params } from "./params.ts";
import { encounterReference, patientReference } from "./subject.ts";
import { transaction, type FiledAttachment } from "./transaction.ts";

/** An image: Binary with the bytes, Media that describes them, and a Communication that points to it, caption after it. */
export function image(
  message: Message,
  content: { caption?: string },
  subject: Subject,
  params: Params,
): FhirTransaction {
  const attachments = message.attachments.map((attachment) => filed(message, attachment, subject, params));
  const payload = attachments.map(({ media }): CommunicationPayload => ({
    contentReference: { type: "Media", reference: `Media/${media.id}` },
  }));
  const caption = content.caption === undefined ? [] : [textPayload(content.caption)];
  const resource = communication(message, subject, [...payload, ...caption], params);
  return transaction({ communication: resource, attachments, subject, params });
}

function filed(message: Message, attachment: Attachment, subject: Subject, params: Params): FiledAttachment {
  const stored = fileable(attachment);
  if (!stored) throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-fhir: the image was not fetched");
  const binary: Binary & { id: string } = {
    resourceType: "Binary",
    id: resourceId("Binary", attachment.id),
    contentType: stored.type,
    securityContext: patientReference(subject.patient, params),
  };
  return {
    attachmentId: attachment.id,
    stored,
    binary,
    media: mediaOf(message, attachment, stored, binary.id, subject, params),
  };
}

function mediaOf(
  message: Message,
  attachment: Attachment,
  stored: StoredContent,
  binaryId: string,
  subject: Subject,
  params: Params,
): Media & { id: string } {
  const patient = patientReference(subject.patient, params);
  return {
    resourceType: "Media",
    id: resourceId("Media", attachment.id),
    identifier: [
      uuidIdentifier(attachment.id),
      // FHIR R4's Attachment.hash is SHA-1; the hash that still means something stands here.
      { system: "urn:oid:2.16.840.1.101.3.4.2.1", value: stored.sha256 },
    ],
    status: "completed",
    type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/media-type", code: "image", display: "Image" }] },
    subject: patient,
    ...(subject.encounter && { encounter: encounterReference(subject.encounter, params) }),
    createdDateTime: message.sentAt,
    issued: message.receivedAt,
    operator: patient,
    content: {
      contentType: stored.type,
      url: `Binary/${binaryId}`,
      size: stored.bytes,
      hash: Buffer.from(stored.sha1, "hex").toString("base64"),
      title: `WhatsApp ${message.sentAt.slice(0, 10)}`,
      creation: message.sentAt,
    },
  };
}
