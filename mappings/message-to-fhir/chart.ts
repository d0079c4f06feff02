import type { Organization, Patient, Reference } from "@medplum/fhirtypes";
import type { Subject } from "#src/message/directory.ts";
import type { Message } from "#src/message/message.ts";
import type { Params } from "./params.ts";
import { patientReference } from "./subject.ts";

/** Whose chart a message goes into, and how the channel wants it written. */
export interface Chart {
  readonly subject: Subject;
  readonly params: Params;
}

/** Whether the hospital wrote it, from its own phone: then the patient is the recipient. */
export function fromHospital({ sender, recipient }: Message): boolean {
  return sender === undefined && recipient !== undefined;
}

/** Who wrote: the patient, or the hospital, which is only named because the engine does not know its resource. */
export function writer(message: Message, { subject, params }: Chart): Reference<Patient | Organization> {
  return fromHospital(message)
    ? { type: "Organization", display: params.organisation }
    : patientReference(subject.patient, params);
}
