import { uuidIdentifier } from "#src/fhir/ids.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { messageId } from "#src/message/id.ts";
import { localPath } from "#src/wire/fhir/local-path.ts";
import { readFiled, type FhirServer } from "./filed.ts";

/** A logical reference to another message, by the id its provider gave it. */
interface Logical {
  readonly type: "Communication";
  readonly identifier: { readonly value: string };
}

/**
 * The transaction with literal references to the messages it answers, edits or revokes, beside the logical ones that no server
 * follows. Their ids are derived like every other; one is named only where the server shows it in this patient's chart.
 */
export async function withRelated(
  server: FhirServer,
  channel: string,
  transaction: FhirTransaction,
  patient: string,
  signal: AbortSignal,
): Promise<FhirTransaction> {
  const references = new Map<string, string>();
  for (const externalId of logicalIn(transaction.bundle)) {
    const path = await pathOf(server, messageId(channel, externalId), patient, signal);
    if (path !== undefined) references.set(externalId, path);
  }
  if (references.size === 0) return transaction;
  return { ...transaction, bundle: named(transaction.bundle, references) as FhirTransaction["bundle"] };
}

/** Nothing depends on it: where the other message cannot be read, the logical reference says who is meant. */
async function pathOf(server: FhirServer, id: string, patient: string, signal: AbortSignal) {
  try {
    const wanted = { resourceType: "Communication", id, identifier: [uuidIdentifier(id)] };
    const found = await readFiled(server, wanted, signal);
    if (!found || found === "several" || found["status"] === "entered-in-error") return undefined;
    const { reference = "" } = (found["subject"] ?? {}) as { reference?: string };
    return localPath(reference, server.urls) === patient ? `Communication/${String(found["id"])}` : undefined;
  } catch (error) {
    if (error instanceof BotenstoffError) return undefined;
    throw error;
  }
}

function isLogical(value: object): value is Logical {
  const { type, identifier, reference } = value as {
    type?: unknown;
    identifier?: Logical["identifier"];
    reference?: unknown;
  };
  return type === "Communication" && typeof identifier?.value === "string" && reference === undefined;
}

function logicalIn(value: unknown): Set<string> {
  if (typeof value !== "object" || value === null) return new Set();
  if (isLogical(value)) return new Set([value.identifier.value]);
  return new Set(Object.values(value).flatMap((member) => [...logicalIn(member)]));
}

function named(value: unknown, references: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => named(one, references));
  if (typeof value !== "object" || value === null) return value;
  const reference = isLogical(value) ? references.get(value.identifier.value) : undefined;
  if (reference !== undefined) return { reference, ...value };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, named(member, references)]));
}
