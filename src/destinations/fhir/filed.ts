import type { FhirClient } from "#src/wire/fhir/client.ts";
import { escapeToken, search } from "#src/wire/fhir/search.ts";
import type { FhirDestinationConfig } from "./config.ts";
import { identifiersOf } from "./same-identifier.ts";

type Json = Readonly<Record<string, unknown>>;

/** The server, and how a channel deals with it. */
export interface FhirServer {
  readonly client: FhirClient;
  readonly ids: FhirDestinationConfig["resource_ids"];
  readonly lookup: FhirDestinationConfig["patient_lookup"];
  /** Under which the server names itself. */
  readonly urls: readonly string[];
}

/** A resource of ours: its id is derived, and its first identifier says the same to a server that chose an id itself. */
export interface OfOurs {
  readonly resourceType: string;
  readonly id?: string;
}

/** Reads what the server keeps of a resource of ours. @throws BotenstoffError */
export async function readFiled(
  { client, ids }: FhirServer,
  resource: OfOurs,
  signal: AbortSignal,
): Promise<Json | "several" | undefined> {
  const { resourceType: type, id } = resource;
  if (ids === "client") return client.read(`${type}/${id}`, signal);
  const found = await search(client, { type, by: { identifier: ownToken(resource) } }, signal);
  const ours = found.filter((one) => identifiersOf(one).some((identifier) => isOwn(identifier, resource)));
  return ours.length > 1 ? "several" : ours[0];
}

/** The identifier a resource of ours is searched by: "urn:ietf:rfc:3986|urn:uuid:…". */
export function ownToken(resource: OfOurs): string {
  const { system = "", value = "" } = identifiersOf({ ...resource })[0] ?? {};
  return `${escapeToken(system)}|${escapeToken(value)}`;
}

function isOwn(identifier: { readonly system?: string; readonly value?: string }, resource: OfOurs): boolean {
  const own = identifiersOf({ ...resource })[0];
  return identifier.system === own?.system && identifier.value === own?.value;
}
