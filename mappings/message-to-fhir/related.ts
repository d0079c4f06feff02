import type { CodeableConcept, RelatedPerson } from "@medplum/fhirtypes";
import { fhirString } from "#src/fhir/text.ts";
import type { Subject } from "#src/message/directory.ts";
import type { Writer } from "#src/message/link.ts";
import { counterpart, type Message } from "#src/message/message.ts";
import { shownName } from "#src/message/file-name.ts";
import type { Words } from "#src/wording/words.ts";
import type { Params } from "./params.ts";
import { patientReference } from "./subject.ts";

/** Where the resource has whoever wrote in the patient's place. */
export const RELATED = { reference: "#writer", type: "RelatedPerson" } as const;

/** v3-RoleCode: a guardian; whoever else is responsible for the subject's affairs. */
const ROLES = {
  guardian: { code: "GUARD", display: "guardian" },
  proxy: { code: "RESPRSN", display: "responsible party" },
} as const satisfies Record<Writer, { code: string; display: string }>;

/**
 * Whoever wrote in the patient's place: contained, because the KIS may know them under a resource of its own that nobody has
 * told the engine. Every resource has its own, which it points to.
 */
export function relatedPerson(
  message: Message,
  { subject, params, words }: { readonly subject: Subject; readonly params: Params; readonly words: Words },
): RelatedPerson | undefined {
  if (subject.writer === undefined) return undefined;
  const { phone, displayName } = counterpart(message) ?? {};
  const name = shownName(displayName);
  return {
    resourceType: "RelatedPerson",
    id: RELATED.reference.slice(1),
    patient: patientReference(subject.patient, params),
    relationship: [relationship(subject.writer, words)],
    ...(name !== undefined && { name: [{ text: fhirString(name) }] }),
    ...(phone !== undefined && { telecom: [{ system: "phone", value: `+${phone}` }] }),
  };
}

function relationship(writer: Writer, words: Words): CodeableConcept {
  const system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
  return { coding: [{ system, ...ROLES[writer] }], text: words.writers[writer].name };
}
