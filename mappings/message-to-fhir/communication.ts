import type { Communication, CommunicationPayload } from "@medplum/fhirtypes";
import { communicationId, uuidIdentifier } from "#src/fhir/ids.ts";
import { fhirString } from "#src/fhir/text.ts";
import { deriveUuid } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { Subject } from "#src/message/directory.ts";
import type { Params } from "./params.ts";
import { encounterReference, patientReference } from "./subject.ts";

/**
 * One Communication for one message. The thread is a logical `partOf`: a header of its own would be one resource that
 * every message of a conversation fights over.
 */
export function communication(
  message: Message,
  subject: Subject,
  payload: readonly CommunicationPayload[],
  params: Params,
): Communication {
  const patient = patientReference(subject.patient, params);
  return {
    resourceType: "Communication",
    id: communicationId(message.id),
    identifier: [uuidIdentifier(message.id), { system: params.message_id_system, value: message.externalId }],
    partOf: [{ identifier: uuidIdentifier(deriveUuid("thread", message.channel, message.conversation)) }],
    ...(message.replyTo !== undefined && {
      inResponseTo: [
        { type: "Communication", identifier: { system: params.message_id_system, value: message.replyTo } },
      ],
    }),
    status: "completed",
    medium: [
      {
        // ONLINEWRIT: "text or diagrams submitted by computer network"; v3-ParticipationMode has no code for messengers.
        coding: [
          {
            system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode",
            code: "ONLINEWRIT",
            display: "online written",
          },
        ],
        text: "WhatsApp",
      },
    ],
    subject: patient,
    ...(subject.encounter && { encounter: encounterReference(subject.encounter, params) }),
    sent: message.sentAt,
    received: message.receivedAt,
    sender: patient,
    payload: [...payload],
  };
}

export function textPayload(text: string): CommunicationPayload {
  return { contentString: fhirString(text) };
}
