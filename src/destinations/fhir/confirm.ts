import type { Resource } from "@medplum/fhirtypes";
import type { Expectation, FhirTransaction } from "#src/fhir/transaction.ts";
import type { FhirClient } from "#src/wire/fhir/client.ts";
import { localPath } from "#src/wire/fhir/local-path.ts";
import type { Confirmation } from "../destination.ts";
import { differenceOf } from "./compare.ts";
import type { FhirServer } from "./filed.ts";
import { measure, measureBinary, type Measured } from "./measure.ts";
import { isSameText } from "./same-text.ts";
import { ShownMessage } from "./shown.ts";

type Json = Readonly<Record<string, unknown>>;

/** What is not as it was sent; undefined when all is. */
type Difference = Exclude<Confirmation, { state: "confirmed" }> | undefined;

/**
 * Reads everything of a message back and compares what a reader of the chart would see of it: whose it is, status, time,
 * sender, text, links, and of every attachment size and hash; of a withdrawn one the status.
 */
export async function readBack(
  server: FhirServer,
  { bundle, expect }: FhirTransaction,
  signal: AbortSignal,
): Promise<Confirmation> {
  const shown = new ShownMessage(server, expect.patient, signal);
  const all = (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
  const sent = all.filter(({ resourceType }) => resourceType !== "Binary");
  if (expect.enteredInError) return readWithdrawn(shown, sent, expect.enteredInError);
  let version: unknown;
  for (const resource of sent) {
    const found = await shown.read(resource);
    if (!found) return missing(resource.resourceType);
    if (found === "several") return mismatch("number of copies");
    const difference = await differenceOf(resource, found, shown);
    if (difference !== undefined) return mismatch(difference);
    if (resource.resourceType !== "Communication") continue;
    const inside = await compareContent(server, found, expect, signal);
    if (inside) return inside;
    version = (found["meta"] as Json | undefined)?.["versionId"];
  }
  for (const binary of expect.binaries) {
    const difference = await compareBinary(server.client, shown, all, binary, signal);
    if (difference) return difference;
  }
  return {
    state: "confirmed",
    evidence: {
      communication: expect.communicationId,
      version: version ?? null,
      binaries: expect.binaries.map(({ binaryId, bytes, sha256 }) => ({ id: binaryId, bytes, sha256 })),
    },
  };
}

async function readWithdrawn(
  shown: ShownMessage,
  sent: readonly Resource[],
  paths: readonly string[],
): Promise<Confirmation> {
  for (const resource of sent) {
    const found = await shown.read(resource);
    if (!found) return missing(resource.resourceType);
    if (found === "several") return mismatch("number of copies");
    if (found["status"] !== "entered-in-error") return mismatch("status");
  }
  return { state: "confirmed", evidence: { enteredInError: paths } };
}

async function compareBinary(
  client: FhirClient,
  shown: ShownMessage,
  sent: readonly Resource[],
  expected: Expectation["binaries"][number],
  signal: AbortSignal,
): Promise<Difference> {
  const binary = sent.find(({ resourceType, id }) => resourceType === "Binary" && id === expected.binaryId);
  const type = binary?.resourceType === "Binary" ? binary.contentType : "";
  const path = shown.pathOf(`Binary/${expected.binaryId}`);
  return sizeOrHash(await measureBinary(client, path, type, expected.bytes, signal), expected);
}

/** The texts, and what is inside the Communication; a server may have moved that into a Binary of its own. */
async function compareContent(
  { client, urls }: FhirServer,
  communication: Json,
  expect: Expectation,
  signal: AbortSignal,
): Promise<Difference> {
  const texts = textsOf(communication);
  if (texts.length !== expect.texts.length || !expect.texts.every((text, index) => isSameText(text, texts[index]))) {
    return mismatch("text");
  }
  const attachments = payloadOf(communication).flatMap(({ contentAttachment }) => contentAttachment ?? []);
  if (attachments.length !== expect.inline.length) return mismatch("size");
  for (const [index, inline] of expect.inline.entries()) {
    const { data, url = "", contentType = "" } = attachments[index] ?? {};
    const moved = data === undefined ? localPath(url, urls) : undefined;
    const found = moved?.startsWith("Binary/")
      ? await measureBinary(client, moved, contentType, inline.bytes, signal)
      : measure(data ?? "");
    const difference = sizeOrHash(found, inline);
    if (difference) return difference;
  }
  return undefined;
}

function sizeOrHash(found: Measured | undefined, expected: Measured): Difference {
  if (!found) return missing("Binary");
  if (found.bytes !== expected.bytes) return mismatch("size");
  return found.sha256 === expected.sha256 ? undefined : mismatch("hash");
}

function textsOf(communication: Json): string[] {
  const notes = (communication["note"] ?? []) as { text?: string }[];
  return [
    ...payloadOf(communication).flatMap(({ contentString }) => contentString ?? []),
    ...notes.flatMap(({ text }) => text ?? []),
  ];
}

function payloadOf(communication: Json) {
  return (communication["payload"] ?? []) as {
    contentString?: string;
    contentAttachment?: { data?: string; url?: string; contentType?: string };
  }[];
}

function missing(what: string): Confirmation & { state: "missing" } {
  return { state: "missing", detail: `${what} is not there` };
}

function mismatch(what: string): Confirmation & { state: "mismatch" } {
  return { state: "mismatch", detail: `the ${what} differs` };
}
