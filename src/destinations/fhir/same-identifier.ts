import type { PatientKey } from "#src/fhir/transaction.ts";
import { OWN_TYPES } from "#src/hl7/pid.ts";

/** What is compared of a FHIR Identifier. */
export interface Identifier {
  readonly system?: string;
  readonly value?: string;
  readonly type?: { readonly coding?: readonly { readonly code?: string }[] };
}

/** Systems of insurers' numbers in Germany (HL7 Deutschland, identifier-type-de-basis): no hospital's own number is in one. */
const INSURANCE = "http://fhir.de/sid/";

/**
 * Whether an identifier is the patient's. An authority without a URI has no system, so that a missing one on either side is
 * no difference; then the kind of the number must not be another, for one value may be two patients' (I3).
 */
export function isSameIdentifier(found: Identifier, key: PatientKey): boolean {
  if (found.value !== key.value) return false;
  if (found.system !== undefined && key.system !== undefined) return found.system === key.system;
  if (found.system?.startsWith(INSURANCE)) return false;
  const kinds = (found.type?.coding ?? []).flatMap(({ code }) => code ?? []);
  const { type = "" } = key;
  if (kinds.length === 0 || type === "") return true;
  return kinds.some((kind) => kind === type || (OWN_TYPES.has(kind) && OWN_TYPES.has(type)));
}

/** Whether a Patient of the server carries the identifier: under the very system, where we name one. */
export function carries(patient: Readonly<Record<string, unknown>>, key: PatientKey): boolean {
  return identifiersOf(patient).some(
    (one) => isSameIdentifier(one, key) && (key.system === undefined || one.system === key.system),
  );
}

export function identifiersOf(resource: Readonly<Record<string, unknown>>): readonly Identifier[] {
  const { identifier } = resource;
  return Array.isArray(identifier) ? (identifier as Identifier[]) : [];
}
