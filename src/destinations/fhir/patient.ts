import type { FhirClient } from "#src/wire/fhir/client.ts";
import type { FhirTransaction, PatientKey } from "#src/fhir/transaction.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { isSameIdentifier, type Identifier } from "./same-identifier.ts";

/**
 * The server's own reference of the patient ("Patient/123"), undefined when it knows none or cannot search.
 * @throws BotenstoffError PATIENT_AMBIGUOUS_AT_DESTINATION when there are several; a transient one when it does not answer
 */
export async function findPatient(
  client: FhirClient,
  key: PatientKey,
  signal: AbortSignal,
): Promise<string | undefined> {
  const token = [key.system, key.value]
    .filter((part) => part !== undefined)
    .map(escapeToken)
    .join("|");
  const found = await search(client, `Patient?identifier=${encodeURIComponent(token)}`, signal);
  const ids = new Set(
    (found?.entry ?? []).flatMap(({ resource }) => (resource && isTheirs(resource, key) ? (resource.id ?? []) : [])),
  );
  if (ids.size > 1) {
    throw new BotenstoffError("PATIENT_AMBIGUOUS_AT_DESTINATION", "finding the patient: several have this identifier");
  }
  const [id] = ids;
  return id === undefined ? undefined : `Patient/${id}`;
}

interface Found {
  readonly resourceType?: string;
  readonly id?: string;
  readonly identifier?: readonly Identifier[];
}
type SearchSet = { entry?: { resource?: Found }[] } | undefined;

/** Without a system the server looked for the value alone, which may be anybody's number of any kind. */
function isTheirs({ resourceType, identifier = [] }: Found, key: PatientKey): boolean {
  return (
    resourceType === "Patient" && (key.system !== undefined || identifier.some((one) => isSameIdentifier(one, key)))
  );
}

/**
 * A server that offers no search answers 4xx: that is "none known", not an error. One that does not answer leaves nothing
 * in doubt, for nothing was sent: a message in doubt would not follow its patient through a merge.
 */
async function search(client: FhirClient, path: string, signal: AbortSignal): Promise<SearchSet> {
  try {
    return await client.read(path, signal);
  } catch (error) {
    if (!(error instanceof BotenstoffError)) throw error;
    if (error.code === "DESTINATION_REFUSED") return undefined;
    if (error.class !== "ambiguous") throw error;
    throw new BotenstoffError("DESTINATION_BUSY", `finding the patient: ${error.message}`, { cause: error });
  }
}

/** FHIR R4 search.html#escaping, before percent-encoding. */
function escapeToken(part: string): string {
  return part.replace(/[\\$,|]/g, "\\$&");
}

/** The transaction with the literal reference added beside every logical one of this patient. */
export function withPatient(transaction: FhirTransaction, reference: string): FhirTransaction {
  const add = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(add);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, add(member)]));
    return "type" in value && value.type === "Patient" && "identifier" in value ? { reference, ...members } : members;
  };
  return { ...transaction, bundle: add(transaction.bundle) as FhirTransaction["bundle"] };
}
