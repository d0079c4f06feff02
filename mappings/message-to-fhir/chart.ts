import type { Extension, Organization, Patient, Reference, RelatedPerson } from "@medplum/fhirtypes";
import type { Subject } from "#src/message/directory.ts";
import { fhirString } from "#src/fhir/text.ts";
import type { Fit } from "#src/message/mapping.ts";
import { counterpart, type Message } from "#src/message/message.ts";
import { counterpartLine } from "#src/wording/contact.ts";
import type { Words } from "#src/wording/words.ts";
import type { Params } from "./params.ts";
import { RELATED, relatedPerson } from "./related.ts";
import { patientReference } from "./subject.ts";

/** Whose chart a message goes into, and how the channel wants it written. */
export interface Chart {
  readonly subject: Subject;
  readonly params: Params;
  readonly words: Words;
  readonly fit?: Fit;
  /** What people call that through which messages come. */
  readonly sourceName: string;
}

/** Whether the hospital wrote it, from its own phone: then the patient is the recipient. */
export function fromHospital({ sender, recipient }: Message): boolean {
  return sender === undefined && recipient !== undefined;
}

/** Who wrote: the patient, somebody in their place, or the hospital, which is only named: its resource is not known. */
export function writer(message: Message, chart: Chart): Reference<Patient | RelatedPerson | Organization> {
  const { params, words } = chart;
  return fromHospital(message)
    ? { type: "Organization", display: params.organisation ?? words.hospital }
    : counterpartReference(message, chart);
}

const WRITTEN_FROM = "urn:botenstoff:fhir:written-from";

/** R4 has no place for the number of a logical reference. */
function writtenFrom(phone: string): Extension {
  return { url: WRITTEN_FROM, valueContactPoint: { system: "phone", value: `+${phone}` } };
}

/** The resource that `writer` points into, as `contained` of whatever names the writer. */
export function containedWriter(message: Message, chart: Chart): { readonly contained?: [RelatedPerson] } {
  const related = fromHospital(message) ? undefined : relatedPerson(message, chart);
  return related ? { contained: [related] } : {};
}

/**
 * The patient, or whoever writes in their place, with the number and the name under which they wrote or were written to: it
 * may be a relative's phone.
 */
export function counterpartReference(
  message: Message,
  { subject, params, words }: Chart,
): Reference<Patient | RelatedPerson> {
  const contact = counterpart(message);
  const display = counterpartLine(contact, subject.writer, words);
  return {
    ...(contact?.phone !== undefined && { extension: [writtenFrom(contact.phone)] }),
    ...(subject.writer === undefined ? patientReference(subject.patient, params) : RELATED),
    ...(display !== "" && { display: fhirString(display) }),
  };
}
