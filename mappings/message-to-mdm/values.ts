import type { Field } from "#src/hl7/message.ts";
import type { ValueName, ValueOf } from "#src/hl7/override.ts";
import { timestamp } from "#src/hl7/timestamp.ts";
import type { Encounter } from "#src/message/directory.ts";
import type { DocumentContent, Rendering } from "./rendering.ts";
import { isOf, personal } from "./patient.ts";
import { cx } from "./segment.ts";
import { fileName } from "./txa.ts";

/** What each name of `from:` means for this message. */
export function valuesOf(
  { message, subject, event, params }: Rendering,
  content: DocumentContent,
  routedAt: string,
): ValueOf {
  const at = (instant: string) => timestamp(instant, params.profile.timestamps);
  const { patient, encounter } = subject;
  const identifiers = (type?: string, authority?: string) =>
    personal(patient.identifiers, params.patient_authorities).filter(
      (one) => (type === undefined || one.type === type) && (authority === undefined || isOf(one, authority)),
    );
  const values: Record<ValueName, (type?: string, authority?: string) => Field> = {
    "case.bed": () => placeOf(encounter, 3),
    "case.class": () => encounter?.class,
    "case.location": () => encounter?.location,
    "case.number": () => encounter?.number.value,
    "case.room": () => placeOf(encounter, 2),
    "case.ward": () => placeOf(encounter, 1),
    "document.file_name": () => fileName(event, content),
    "document.id": () => event.document,
    "document.mime_type": () => content.mimeType,
    "document.parent": () => event.parent,
    "document.presentation": () => content.presentation,
    "message.kind": () => message.content.kind,
    "message.id": () => message.id,
    "message.received_at": () => at(message.receivedAt),
    "message.sent_at": () => at(message.sentAt),
    "patient.birth_date": () => patient.birthDate?.replaceAll("-", ""),
    "patient.degree": () => patient.degree,
    "patient.family_name": () => patient.familyName,
    "patient.further_given_names": () => patient.furtherGivenNames,
    "patient.given_name": () => patient.givenName,
    "patient.identifier": (type, authority) => identifiers(type, authority)[0]?.value,
    "patient.identifiers": (type, authority) => ({ repeat: identifiers(type, authority).map(cx) }),
    "patient.name_prefix": () => patient.namePrefix,
    "patient.name_suffix": () => patient.nameSuffix,
    "patient.sex": () => patient.sex,
    routed_at: () => at(routedAt),
    "sender.name": () => message.sender?.displayName,
    "sender.phone": () => message.sender?.phone,
    "sender.role": () => subject.writer,
    trigger: () => event.trigger,
  };
  return (name, type, authority) => values[name](type, authority);
}

/** A component of PV1-3: point of care, room, bed. */
function placeOf(encounter: Encounter | undefined, component: number): string | undefined {
  return encounter?.location?.[component - 1];
}
