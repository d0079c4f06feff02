import { randomUUID } from "node:crypto";
import type { Bundle, CapabilityStatement, OperationOutcome, Resource } from "@medplum/fhirtypes";
import { faultsOf } from "./fhir-rules.ts";
import { searchSet, type SearchHabit } from "./search.ts";
import { placed } from "./transaction.ts";

/** An answer before it is written out. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Versions {
  readonly all: Resource[];
}

/** What the KIS holds: every version of every resource. */
export class Chart {
  readonly #resources = new Map<string, Versions>();

  /** The current version of a resource ("Communication/<id>"). */
  read(path: string): Resource | undefined {
    return this.#resources.get(path)?.all.at(-1);
  }

  /** How often a resource was written. */
  versions(path: string): number {
    return this.#resources.get(path)?.all.length ?? 0;
  }

  /** When a resource was written first, in milliseconds since 1970. */
  since(path: string): number | undefined {
    const first = this.#resources.get(path)?.all[0]?.meta?.lastUpdated;
    return first === undefined ? undefined : Date.parse(first);
  }

  /** The current version of every resource of a type. */
  all<Type extends Resource["resourceType"]>(type: Type): Extract<Resource, { resourceType: Type }>[] {
    const current = [...this.#resources.values()].flatMap(({ all }) => all.at(-1) ?? []);
    return current.filter(
      (resource): resource is Extract<Resource, { resourceType: Type }> => resource.resourceType === type,
    );
  }

  /** Loses everything of a type, as a KIS restored from a backup does. */
  lose(type: Resource["resourceType"]): void {
    for (const path of this.#resources.keys()) if (path.startsWith(`${type}/`)) this.#resources.delete(path);
  }

  add(resource: Resource): Resource {
    const stored = { ...resource, id: resource.id ?? randomUUID() };
    this.#write(stored);
    return stored;
  }

  /** All or nothing (R4 http.html#transaction); with `refusesIds` as a server that lets no client choose one (HAPI: 404). */
  transact(bundle: Bundle, { refusesIds = false } = {}): Reply {
    if (bundle.type !== "transaction") {
      return { status: 400, body: outcome("invalid", ["not a transaction"]) };
    }
    const entries = placed(bundle, (type) => this.all(type as Resource["resourceType"]));
    if ("fault" in entries) return { status: entries.status, body: outcome("invalid", [entries.fault]) };
    const paths = entries.map(({ resource }) => `${resource.resourceType}/${resource.id}`);
    if (refusesIds && entries.some(({ named }, index) => named && !this.#resources.has(paths[index] ?? ""))) {
      return { status: 404, body: outcome("not-found", ["No such resource, and client-assigned IDs are not enabled"]) };
    }
    const faults = entries.flatMap(({ resource }, index) =>
      [...faultsOf(resource), ...this.#danglingReferences(resource, paths)].map((fault) => `entry[${index}] ${fault}`),
    );
    if (faults.length > 0) return { status: 422, body: outcome("invariant", faults) };
    const entry = entries.map(({ resource }) => ({ response: this.#write(resource) }));
    return { status: 200, body: { resourceType: "Bundle", type: "transaction-response", entry } };
  }

  get(path: string): Reply {
    if (path === "metadata") return { status: 200, body: CAPABILITIES };
    const resource = this.read(path);
    return resource ? { status: 200, body: resource } : { status: 404, body: outcome("not-found", ["not here"]) };
  }

  search(type: string, query: URLSearchParams, baseUrl: string, ignores?: SearchHabit): Bundle {
    return searchSet(this.all(type as Resource["resourceType"]), type, query, baseUrl, ignores);
  }

  /** Literal references must lead somewhere: into the transaction or into the chart. */
  #danglingReferences(resource: Resource, sent: readonly string[]): string[] {
    return (
      referencesIn(resource)
        // "#…" leads into the resource itself, which the rules look at.
        .filter((reference) => !reference.startsWith("#"))
        .filter((reference) => !sent.includes(reference) && !this.#resources.has(reference))
        .map((reference) => `reference ${reference.split("/")[0]} leads nowhere`)
    );
  }

  #write(resource: Resource & { id: string }): {
    status: string;
    location: string;
    etag: string;
    lastModified: string;
  } {
    const path = `${resource.resourceType}/${resource.id}`;
    const { all } = this.#resources.get(path) ?? { all: [] };
    const versionId = String(all.length + 1);
    const lastUpdated = new Date().toISOString();
    all.push({ ...resource, meta: { ...resource.meta, versionId, lastUpdated } });
    this.#resources.set(path, { all });
    const status = all.length === 1 ? "201 Created" : "200 OK";
    return { status, location: `${path}/_history/${versionId}`, etag: `W/"${versionId}"`, lastModified: lastUpdated };
  }
}

export function outcome(code: OperationOutcome["issue"][number]["code"], texts: readonly string[]): OperationOutcome {
  return {
    resourceType: "OperationOutcome",
    issue: texts.map((text) => ({ severity: "error", code, details: { text } })),
  };
}

/** Every literal reference and attachment address inside a resource. */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== "object" || value === null) return [];
  const { reference, url } = value as { reference?: unknown; url?: unknown };
  const own = [reference, typeof url === "string" && url.startsWith("Binary/") ? url : undefined];
  return [...own.filter((one) => typeof one === "string"), ...Object.values(value).flatMap(referencesIn)];
}

const CAPABILITIES: CapabilityStatement = {
  resourceType: "CapabilityStatement",
  status: "active",
  date: "2026-11-23",
  kind: "instance",
  fhirVersion: "4.0.1",
  format: ["json"],
  rest: [{ mode: "server", interaction: [{ code: "transaction" }] }],
};
