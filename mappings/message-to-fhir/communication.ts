import type { CodeableConcept, Communication, Reference } from "@medplum/fhirtypes";
import { communicationId, uuidIdentifier } from "#src/fhir/ids.ts";
import { fhirString } from "#src/fhir/text.ts";
import { deriveUuid } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import { writerRemark } from "#src/wording/contact.ts";
import { circumstanceLines } from "#src/wording/readable.ts";
import { counterpartReference, fromHospital, writer, type Chart } from "./chart.ts";
import type { Params } from "./params.ts";
import { relatedPerson } from "./related.ts";
import type { Rendered } from "./rendered.ts";
import { encounterReference, patientReference } from "./subject.ts";

/**
 * One Communication for one message. The thread is a logical `partOf`: a header of its own would be one resource that
 * every message of a conversation fights over. What a message changes is `about` it, logically, because it may not have
 * been filed (yet); `inResponseTo` is kept for answers, which an edit can be as well. How it came about (by a guardian,
 * forwarded, an advertisement, a group) stands in `note`: the payload is what was said and nothing else.
 */
export function communication(message: Message, rendered: Rendered, chart: Chart): Communication {
  const { subject, params, words, sourceName } = chart;
  const patient = patientReference(subject.patient, params);
  const answers = rendered.answers ?? message.replyTo;
  const notes = [
    ...writerRemark(message, subject.writer, words),
    ...circumstanceLines(message.circumstances, words),
    ...(rendered.notes ?? []),
  ];
  const related = relatedPerson(message, chart);
  const contained = [...(related ? [related] : []), ...(rendered.contained ?? [])];
  return {
    resourceType: "Communication",
    id: communicationId(message.id),
    ...(contained.length > 0 && { contained }),
    identifier: [
      uuidIdentifier(message.id),
      { system: params.message_id_system, value: fhirString(message.externalId) },
    ],
    partOf: [{ identifier: uuidIdentifier(deriveUuid("thread", message.channel, message.conversation)) }],
    ...(answers !== undefined && { inResponseTo: [messageReference(answers, params)] }),
    status: "completed",
    category: [{ coding: [{ system: params.kind_system, code: message.content.kind }] }],
    medium: [medium(rendered.medium ?? "ONLINEWRIT", sourceName)],
    subject: patient,
    ...(rendered.changes !== undefined && { about: [messageReference(rendered.changes, params)] }),
    ...(subject.encounter && { encounter: encounterReference(subject.encounter, params) }),
    sent: message.sentAt,
    // Of what the hospital sent only the sending is known, not when it arrived.
    ...(!fromHospital(message) && { received: message.receivedAt }),
    ...(fromHospital(message) && { recipient: [counterpartReference(message, chart)] }),
    sender: writer(message, chart),
    payload: [...rendered.payload],
    ...(notes.length > 0 && { note: notes.map((text) => ({ text: fhirString(text) })) }),
  };
}

function messageReference(externalId: string, { message_id_system: system }: Params): Reference<Communication> {
  return { type: "Communication", identifier: { system, value: fhirString(externalId) } };
}

const MEDIA = { ONLINEWRIT: "online written", DICTATE: "dictated", PHONE: "telephone" } as const;

/**
 * ONLINEWRIT: "text or diagrams submitted by computer network"; DICTATE: pre-recorded voice, one direction.
 * v3-ParticipationMode has no code for messengers.
 */
function medium(code: keyof typeof MEDIA, sourceName: string): CodeableConcept {
  const system = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode";
  return { coding: [{ system, code, display: MEDIA[code] }], text: sourceName };
}
