import { randomUUID } from "node:crypto";
import type { Bundle, BundleEntry, Resource } from "@medplum/fhirtypes";
import { searchSet } from "./search.ts";

/** An entry whose resource has its id, and whose links lead to where things are. */
export interface Placed {
  readonly resource: Resource & { readonly id: string };
  /** Whether the client chose the id. */
  readonly named: boolean;
}

/** Why an entry cannot be placed, with the status R4 has for that (http.html#update). */
export interface Unplaced {
  readonly status: number;
  readonly fault: string;
}

/** Gives every entry of a transaction its id: named by the client, found by a condition, or a new one. */
export function placed(bundle: Bundle, all: (type: string) => readonly Resource[]): Placed[] | Unplaced {
  const ids = new Map<string, string>();
  const targets: { entry: BundleEntry; id: string; named: boolean }[] = [];
  for (const entry of bundle.entry ?? []) {
    const target = targetOf(entry, all);
    if ("fault" in target) return target;
    targets.push({ entry, ...target });
    if (!target.named && entry.fullUrl) ids.set(entry.fullUrl, `${entry.resource?.resourceType}/${target.id}`);
  }
  return targets.map(({ entry: { resource }, id, named }) => ({
    resource: { ...(relinked(resource, ids) as Resource), id },
    named,
  }));
}

function targetOf(
  { resource, request }: BundleEntry,
  all: (type: string) => readonly Resource[],
): { id: string; named: boolean } | Unplaced {
  if (!resource || !request) return { status: 422, fault: "an entry has no resource or no request" };
  const [path = "", query] = request.url.split("?");
  if (request.method === "POST" && path === resource.resourceType) return { id: randomUUID(), named: false };
  if (request.method !== "PUT") return { status: 422, fault: "only PUT and POST are taken" };
  if (query === undefined) {
    if (resource.id && path === `${resource.resourceType}/${resource.id}`) return { id: resource.id, named: true };
    return { status: 422, fault: "request.url does not name the resource" };
  }
  const { entry: found = [] } = searchSet(all(path), path, new URLSearchParams(query), "");
  if (found.length > 1) return { status: 412, fault: "several resources fit the condition" };
  return { id: found[0]?.resource?.id ?? randomUUID(), named: false };
}

function relinked(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => relinked(one, ids));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const path = (name === "reference" || name === "url") && typeof member === "string" ? ids.get(member) : undefined;
      return [name, path ?? relinked(member, ids)];
    }),
  );
}
