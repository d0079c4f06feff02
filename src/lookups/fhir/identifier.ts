import type { Identifier as FhirIdentifier } from "@medplum/fhirtypes";
import type { Identifier } from "#src/message/directory.ts";

const TYPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v2-0203";

/** An identifier as an ADT would have it; undefined for one that is not in use. */
export function identifierOf({ value, system = "", type, use }: FhirIdentifier): Identifier | undefined {
  if (value === undefined || use === "old") return undefined;
  const code = type?.coding?.find((coding) => coding.system === TYPE_SYSTEM)?.code ?? "";
  return { value, authority: system.replace(/^urn:oid:/, ""), type: code };
}
