import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { writeTransaction } from "#src/fhir/write-json.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { authorizationOf } from "#src/wire/fhir/authorization.ts";
import { FhirClient } from "#src/wire/fhir/client.ts";
import { chosenProxy } from "#src/wire/http/proxy.ts";
import { openTls } from "#src/wire/tls/client-tls.ts";
import type { Destination, DestinationContext, DestinationSpec, Receipt } from "../destination.ts";
import { withinSize } from "../fitting.ts";
import { checkCapabilities } from "./capabilities.ts";
import { fhirDestinationConfig, type FhirDestinationConfig } from "./config.ts";
import { readBack } from "./confirm.ts";
import type { FhirServer } from "./filed.ts";
import { findPatient, withPatient } from "./patient.ts";
import { withRelated } from "./related.ts";
import { withScaled } from "./scaled.ts";
import { withdrawnThere, withServerIds } from "./server-ids.ts";

/** The chart as a FHIR R4 server: one transaction per message, read back before anything is purged. */
export const fhirDestination: DestinationSpec<FhirDestinationConfig> = {
  type: "fhir",
  summary: "FHIR R4 transactions, confirmed by reading back",
  takes: "fhir",
  confirms: true,
  config: fhirDestinationConfig,
  open,
};

function open(settings: FhirDestinationConfig, context: DestinationContext): Destination {
  const authorization = authorizationOf(settings);
  const tls = settings.tls && openTls(settings.tls, context);
  const proxy = chosenProxy(settings.proxy, context.proxy);
  const client = new FhirClient({
    baseUrl: settings.base_url,
    timeoutMs: settings.request_timeout_secs * 1_000,
    connections: settings.connections,
    ...(authorization && { authorization }),
    ...(tls && { tls: tls.client }),
    ...(proxy && { proxy }),
  });
  const server: FhirServer = {
    client,
    ids: settings.resource_ids,
    lookup: settings.patient_lookup,
    urls: [settings.base_url, ...settings.server_urls],
  };
  return {
    concurrency: settings.connections,
    send: (job, signal) =>
      withinSize(job, context, largestOf, async (output, fit): Promise<Receipt> => {
        const { transaction: made, openBlob } = await withScaled(output as FhirTransaction, (id) => job.openBlob(id));
        const transaction = await addressed(server, context.channel, made, signal);
        const { body, digest } = writeTransaction(transaction, openBlob);
        const answer = await client.transaction(body, signal);
        return { sentSha256: digest(), answer: summary(answer, transaction), ...(fit && { fit }) };
      }),
    confirm: async (job, { fit }, signal) => {
      const output = (fit && job.fitted ? job.fitted(fit) : job.output) as FhirTransaction;
      const { transaction } = await withScaled(output, (id) => job.openBlob(id));
      return readBack(server, transaction, signal);
    },
    check: async (signal) => checkCapabilities(await client.read("metadata", signal), settings.resource_ids),
    close: async () => {
      tls?.close();
      await client.close();
    },
  };
}

/** The transaction as this server takes it: with its own Patient, its links to other messages, and under the ids it allows. */
async function addressed(
  server: FhirServer,
  channel: string,
  transaction: FhirTransaction,
  signal: AbortSignal,
): Promise<FhirTransaction> {
  const patient = await patientOf(server, transaction, signal);
  const withdraws = transaction.expect.enteredInError !== undefined;
  const known = patient === undefined ? transaction : withPatient(transaction, patient);
  const complete =
    patient === undefined || withdraws ? known : await withRelated(server, channel, known, patient, signal);
  if (server.ids === "client") return complete;
  return withdraws ? withdrawnThere(server, complete, signal) : withServerIds(complete);
}

async function patientOf({ client, lookup }: FhirServer, { expect }: FhirTransaction, signal: AbortSignal) {
  if (lookup === "off") return undefined;
  const reference = await findPatient(client, expect.patient, signal);
  if (reference !== undefined || lookup === "prefer") return reference;
  throw new BotenstoffError("PATIENT_NOT_YET_KNOWN", "finding the patient: the FHIR server knows none yet");
}

function largestOf(output: unknown): number {
  return Math.max(0, ...(output as FhirTransaction).expect.binaries.map(({ bytes }) => bytes));
}

/** What the server said about each resource, in the order it was sent. */
function summary(answer: unknown, { bundle }: FhirTransaction): unknown {
  const { entry: responses = [] } = (answer ?? {}) as {
    entry?: { response?: { status?: string; location?: string; etag?: string } }[];
  };
  return (bundle.entry ?? []).map(({ resource, request }, index) => ({
    resource: resource?.id === undefined ? request?.url.replace(/\?.*/, "") : `${resource.resourceType}/${resource.id}`,
    status: responses[index]?.response?.status ?? null,
    etag: responses[index]?.response?.etag ?? null,
  }));
}
