import type {
  Identifier as FhirIdentifier,
  Patient as FhirPatient,
  Encounter as FhirEncounter,
  Reference,
} from "@medplum/fhirtypes";
import type { Encounter, Identifier, Patient } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { PatientKey } from "#src/fhir/transaction.ts";
import type { Params } from "./params.ts";

/**
 * The identifier by which the chart knows the patient.
 * @throws BotenstoffError MAPPING_FAILED when the patient has none of the wanted types
 */
export function patientKey(patient: Patient, params: Params): PatientKey & { identifier: Identifier } {
  for (const type of params.patient_identifier_types) {
    const identifier = patient.identifiers.find((candidate) => candidate.type === type);
    if (!identifier) continue;
    const { system } = systemOf(identifier.authority, params);
    return { identifier, value: identifier.value, ...(system === undefined ? { type } : { system }) };
  }
  throw new BotenstoffError(
    "MAPPING_FAILED",
    "mapping message-to-fhir: the patient has no identifier of a wanted type",
  );
}

/** A logical reference (R4 references.html#logical): it says who is meant without knowing the server's id. */
export function patientReference(patient: Patient, params: Params): Reference<FhirPatient> {
  const { identifier } = patientKey(patient, params);
  return { type: "Patient", identifier: fhirIdentifier(identifier, params) };
}

export function encounterReference(encounter: Encounter, params: Params): Reference<FhirEncounter> {
  return { type: "Encounter", identifier: fhirIdentifier(encounter.number, params) };
}

const TYPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v2-0203";

function fhirIdentifier({ value, authority, type }: Identifier, params: Params): FhirIdentifier {
  const system = systemOf(authority, params);
  return {
    ...(type !== "" && { type: { coding: [{ system: TYPE_SYSTEM, code: type }] } }),
    ...system,
    value,
    ...(system.system === undefined && authority !== "" && { assigner: { display: authority } }),
  };
}

function systemOf(authority: string, { identifier_systems: systems }: Params): { system?: string } {
  const named = systems[authority];
  if (named !== undefined) return { system: named };
  if (/^[012](\.\d+)+$/.test(authority)) return { system: `urn:oid:${authority}` };
  return /^[a-z][a-z0-9+.-]*:/i.test(authority) ? { system: authority } : {};
}
