import type { FhirTransaction, PatientKey } from "#src/fhir/transaction.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { FhirClient } from "#src/wire/fhir/client.ts";
import { survivorOf } from "#src/wire/fhir/replaced.ts";
import { escapeToken, search, unreliable } from "#src/wire/fhir/search.ts";
import { carries, identifiersOf } from "./same-identifier.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * The server's own reference of the patient ("Patient/123"), undefined when it knows none. Whoever comes back counts only if
 * the identifier is one of theirs; of patients that were merged there the survivor counts, also before the A40 is here.
 * @throws BotenstoffError PATIENT_AMBIGUOUS_AT_DESTINATION when there are several; a transient one when the server does not
 *   answer, or not to what it was asked
 */
export async function findPatient(
  client: FhirClient,
  key: PatientKey,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hits = await searchByIdentifier(client, key, signal);
  if (hits.some((hit) => !hasValue(hit, key))) throw unreliable("a patient came back who does not have the identifier");
  const theirs = hits.filter((hit) => carries(hit, key));
  const current = await Promise.all(theirs.map((patient) => survivorOf(client, patient, signal)));
  const ids = new Set(current.map(({ id }) => String(id)));
  if (ids.size > 1) {
    throw new BotenstoffError("PATIENT_AMBIGUOUS_AT_DESTINATION", "finding the patient: several have this identifier");
  }
  const [id] = ids;
  return id === undefined ? undefined : `Patient/${id}`;
}

/** As loosely as any server compares tokens: one that came back without even this was not searched for. */
function hasValue(hit: Json, { value }: PatientKey): boolean {
  const plain = (text = "") => text.trim().toLowerCase();
  return identifiersOf(hit).some((one) => plain(one.value) === plain(value));
}

/**
 * One that does not answer leaves nothing in doubt, for nothing was sent: a message in doubt would not follow its patient
 * through a merge. One that refuses the search refuses it for everybody.
 */
async function searchByIdentifier(client: FhirClient, key: PatientKey, signal: AbortSignal): Promise<Json[]> {
  try {
    return await search(client, { type: "Patient", by: { identifier: tokenOf(key) } }, signal);
  } catch (error) {
    if (!(error instanceof BotenstoffError)) throw error;
    if (error.code === "DESTINATION_REFUSED") throw unreliable(`it refuses Patient?identifier= (${error.message})`);
    if (error.class !== "ambiguous") throw error;
    throw new BotenstoffError("DESTINATION_BUSY", `finding the patient: ${error.message}`, {
      cause: error,
      ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    });
  }
}

function tokenOf({ system, value }: PatientKey): string {
  return [system, value]
    .filter((part) => part !== undefined)
    .map(escapeToken)
    .join("|");
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
