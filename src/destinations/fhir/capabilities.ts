import { BotenstoffError } from "#src/message/error-code.ts";
import type { FhirDestinationConfig } from "./config.ts";

interface Capabilities {
  readonly resourceType?: unknown;
  readonly fhirVersion?: unknown;
  readonly rest?: readonly {
    readonly mode?: string;
    readonly interaction?: readonly { readonly code?: string }[];
    readonly resource?: readonly {
      readonly type?: string;
      readonly updateCreate?: boolean;
      readonly conditionalUpdate?: boolean;
    }[];
  }[];
}

/**
 * Refuses a server that says of itself that it cannot take what is sent. Only what is said counts: HAPI takes ids of its
 * clients without saying so. Nothing is written to try it.
 * @throws BotenstoffError CONFIG_INVALID, DESTINATION_REFUSES_IDS
 */
export function checkCapabilities(metadata: unknown, ids: FhirDestinationConfig["resource_ids"]): void {
  const { resourceType, fhirVersion, rest = [] } = (metadata ?? {}) as Capabilities;
  if (resourceType !== "CapabilityStatement" || !String(fhirVersion).startsWith("4.")) {
    throw invalid("/metadata is no R4 CapabilityStatement");
  }
  const server = rest.find(({ mode }) => mode === "server") ?? rest[0];
  const interactions = (server?.interaction ?? []).map(({ code }) => code);
  if (interactions.length > 0 && !interactions.includes("transaction")) throw invalid("it takes no transactions");
  const communication = server?.resource?.find(({ type }) => type === "Communication");
  if (ids === "client" && communication?.updateCreate === false) {
    const said = "checking the FHIR server: its CapabilityStatement says updateCreate false of Communication";
    throw new BotenstoffError("DESTINATION_REFUSES_IDS", said);
  }
  if (ids === "server" && communication?.conditionalUpdate === false) {
    throw invalid("it takes no conditional updates of Communication, which `resource_ids: server` needs");
  }
}

function invalid(why: string): BotenstoffError {
  return new BotenstoffError("CONFIG_INVALID", `checking the FHIR server: ${why}`);
}
