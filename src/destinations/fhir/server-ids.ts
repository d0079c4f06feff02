import type { BundleEntry, Resource } from "@medplum/fhirtypes";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { deriveUuid } from "#src/message/id.ts";
import { ownToken, readFiled, type FhirServer } from "./filed.ts";

/**
 * The transaction for a server that chooses ids itself: each resource under its identifier (conditional update, R4
 * http.html#cond-update), so that a repeat updates the same one; links inside it by `urn:uuid:`. A Binary has no identifier: a
 * repeat creates another, and the one before is left without anything that points to it.
 */
export function withServerIds(transaction: FhirTransaction): FhirTransaction {
  const { entry = [], ...head } = transaction.bundle;
  return { ...transaction, bundle: { ...head, entry: unnamed(entry) } };
}

/** By their fullUrl; of their own, for the identifiers are `urn:uuid:` as well and are no links. */
function unnamed(entries: readonly BundleEntry[]): BundleEntry[] {
  const paths = entries.flatMap(({ resource }) => (resource ? [`${resource.resourceType}/${resource.id}`] : []));
  const urns = new Map(paths.map((path) => [path, `urn:uuid:${deriveUuid("fhir", "entry", path)}`]));
  return entries.map((entry) => {
    const { resource } = entry;
    const fullUrl = urns.get(`${resource?.resourceType}/${resource?.id}`);
    if (!resource || fullUrl === undefined) return entry;
    const { id: _id, ...content } = resource;
    const { resourceType: type } = resource;
    const request =
      type === "Binary"
        ? ({ method: "POST", url: type } as const)
        : ({ method: "PUT", url: `${type}?identifier=${encodeURIComponent(ownToken(resource))}` } as const);
    return { ...entry, fullUrl, resource: relinked(content, urns) as Resource, request };
  });
}

function relinked(value: unknown, urns: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => relinked(one, urns));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const urn = (name === "reference" || name === "url") && typeof member === "string" ? urns.get(member) : undefined;
      return [name, urn ?? relinked(member, urns)];
    }),
  );
}

/** A withdrawal at such a server: what it keeps of the message, under its own ids and with its own links, but for the status. */
export async function withdrawnThere(
  server: FhirServer,
  transaction: FhirTransaction,
  signal: AbortSignal,
): Promise<FhirTransaction> {
  const entries = transaction.bundle.entry ?? [];
  const anew = unnamed(entries);
  const entry: BundleEntry[] = [];
  for (const [index, { resource }] of entries.entries()) {
    const kept = resource && (await readFiled(server, resource, signal));
    if (kept && kept !== "several" && "status" in resource) {
      const url = `${resource.resourceType}/${String(kept["id"])}`;
      entry.push({ resource: { ...kept, status: resource.status } as Resource, request: { method: "PUT", url } });
    } else entry.push(anew[index] ?? {});
  }
  return { ...transaction, bundle: { ...transaction.bundle, entry } };
}
