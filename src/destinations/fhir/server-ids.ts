import type { BundleEntry, Resource } from "@medplum/fhirtypes";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { ownToken, readFiled, type FhirServer } from "./filed.ts";

/**
 * The transaction for a server that chooses ids itself: each resource under its identifier (conditional update, R4
 * http.html#cond-update), so that a repeat updates the same one; links inside it by `urn:uuid:`. A Binary has no identifier: a
 * repeat creates another, and the one before is left without anything that points to it.
 */
export function withServerIds(transaction: FhirTransaction): FhirTransaction {
  const { entry: entries = [], ...head } = transaction.bundle;
  const urns = new Map(
    entries.flatMap(({ resource }) =>
      resource ? [[`${resource.resourceType}/${resource.id}`, `urn:uuid:${resource.id}`] as const] : [],
    ),
  );
  return { ...transaction, bundle: { ...head, entry: entries.map((entry) => unnamed(entry, urns)) } };
}

function unnamed(entry: BundleEntry, urns: ReadonlyMap<string, string>): BundleEntry {
  const { resource } = entry;
  if (!resource) return entry;
  const { id: _id, ...content } = resource;
  const request =
    resource.resourceType === "Binary"
      ? ({ method: "POST", url: "Binary" } as const)
      : ({
          method: "PUT",
          url: `${resource.resourceType}?identifier=${encodeURIComponent(ownToken(resource))}`,
        } as const);
  return { ...entry, resource: relinked(content, urns) as Resource, request };
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
  const entry: BundleEntry[] = [];
  for (const own of transaction.bundle.entry ?? []) {
    const { resource } = own;
    const kept = resource && (await readFiled(server, resource, signal));
    if (!kept || kept === "several" || !("status" in resource)) {
      entry.push(unnamed(own, new Map()));
      continue;
    }
    const url = `${resource.resourceType}/${String(kept["id"])}`;
    entry.push({ resource: { ...kept, status: resource.status } as Resource, request: { method: "PUT", url } });
  }
  return { ...transaction, bundle: { ...transaction.bundle, entry } };
}
