import { FhirClient } from "#src/wire/fhir/client.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { writeTransaction } from "#src/fhir/write-json.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { Secret } from "#src/message/secret.ts";
import type { Destination, DestinationSpec } from "../destination.ts";
import { fhirDestinationConfig, type FhirDestinationConfig } from "./config.ts";
import { readBack } from "./confirm.ts";
import { findPatient, withPatient } from "./patient.ts";

/** The chart as a FHIR R4 server: one transaction per message, read back before anything is purged. */
export const fhirDestination: DestinationSpec<FhirDestinationConfig> = {
  type: "fhir",
  summary: "FHIR R4 transactions, confirmed by reading back",
  takes: "fhir",
  confirms: true,
  config: fhirDestinationConfig,
  open,
};

function open(settings: FhirDestinationConfig): Destination {
  const authorization = authorizationOf(settings);
  const client = new FhirClient({
    baseUrl: settings.base_url,
    timeoutMs: settings.request_timeout_secs * 1_000,
    connections: settings.connections,
    ...(authorization && { authorization }),
  });
  return {
    concurrency: settings.connections,
    send: async (job, signal) => {
      const transaction = await addressed(client, settings, job.output as FhirTransaction, signal);
      const { body, digest } = writeTransaction(transaction, (id) => job.openBlob(id));
      const answer = await client.transaction(body, signal);
      return { sentSha256: digest(), answer: summary(answer, transaction) };
    },
    confirm: (job, _receipt, signal) => readBack(client, (job.output as FhirTransaction).expect, signal),
    check: async (signal) => {
      const metadata = await client.read("metadata", signal);
      if (metadata?.["resourceType"] === "CapabilityStatement" && String(metadata["fhirVersion"]).startsWith("4."))
        return;
      throw new BotenstoffError("CONFIG_INVALID", "checking the FHIR server: /metadata is no R4 CapabilityStatement");
    },
    close: () => client.close(),
  };
}

/** The transaction with the server's own Patient in it, where the channel wants that and the server knows one. */
async function addressed(
  client: FhirClient,
  { patient_lookup: lookup }: FhirDestinationConfig,
  transaction: FhirTransaction,
  signal: AbortSignal,
): Promise<FhirTransaction> {
  if (lookup === "off") return transaction;
  const reference = await findPatient(client, transaction.expect.patient, signal);
  if (reference !== undefined) return withPatient(transaction, reference);
  if (lookup === "prefer") return transaction;
  throw new BotenstoffError("PATIENT_NOT_YET_KNOWN", "finding the patient: the FHIR server knows none yet");
}

/** What the server said about each resource, in the order it was sent. */
function summary(answer: unknown, { bundle }: FhirTransaction): unknown {
  const responses =
    (answer as { entry?: { response?: { status?: string; location?: string; etag?: string } }[] }).entry ?? [];
  return (bundle.entry ?? []).map(({ resource }, index) => ({
    resource: `${resource?.resourceType}/${resource?.id}`,
    status: responses[index]?.response?.status ?? null,
    etag: responses[index]?.response?.etag ?? null,
  }));
}

function authorizationOf({ token, username, password }: FhirDestinationConfig): Secret | undefined {
  if (token) return new Secret(`Bearer ${token.reveal()}`);
  if (username === undefined) return undefined;
  return new Secret(`Basic ${Buffer.from(`${username}:${password?.reveal() ?? ""}`).toString("base64")}`);
}
