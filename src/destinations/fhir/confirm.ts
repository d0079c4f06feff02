import { createHash } from "node:crypto";
import type { FhirClient, FhirResponse } from "#src/wire/fhir/client.ts";
import type { Expectation, PatientKey } from "#src/fhir/transaction.ts";
import type { Confirmation } from "../destination.ts";
import { isSameIdentifier, type Identifier } from "./same-identifier.ts";

type Json = Record<string, unknown>;
interface Reference {
  readonly reference?: string;
  readonly identifier?: Identifier;
}

/** What is not as it was sent; undefined when all is. */
type Difference = Exclude<Confirmation, { state: "confirmed" }> | undefined;

/** Reads everything of a message back and compares it: patient, text, size and hash; of a withdrawn one the status. */
export async function readBack(client: FhirClient, expect: Expectation, signal: AbortSignal): Promise<Confirmation> {
  if (expect.enteredInError) return readWithdrawn(client, expect.enteredInError, signal);
  const communication = await client.read(`Communication/${expect.communicationId}`, signal);
  if (!communication) return missing("Communication");
  if (!(await isPatient(client, communication["subject"], expect.patient, signal))) return mismatch("patient");
  if (textsOf(communication).join("\n") !== expect.texts.join("\n")) return mismatch("text");
  const inline = await compareInline(client, communication, expect.inline, signal);
  if (inline) return inline;
  for (const binary of expect.binaries) {
    const difference = await compareBinary(client, binary, expect.patient, signal);
    if (difference) return difference;
  }
  return {
    state: "confirmed",
    evidence: {
      communication: expect.communicationId,
      version: (communication["meta"] as Json | undefined)?.["versionId"] ?? null,
      binaries: expect.binaries.map(({ binaryId, bytes, sha256 }) => ({ id: binaryId, bytes, sha256 })),
    },
  };
}

async function readWithdrawn(client: FhirClient, paths: readonly string[], signal: AbortSignal): Promise<Confirmation> {
  for (const path of paths) {
    const resource = await client.read(path, signal);
    if (!resource) return missing(path.split("/")[0] ?? "resource");
    if (resource["status"] !== "entered-in-error") return mismatch("status");
  }
  return { state: "confirmed", evidence: { enteredInError: paths } };
}

async function compareBinary(
  client: FhirClient,
  expected: Expectation["binaries"][number],
  patient: PatientKey,
  signal: AbortSignal,
): Promise<Difference> {
  const description = await client.read(expected.describedBy, signal);
  if (!description) return missing(expected.describedBy.split("/")[0] ?? "description");
  if (!(await isPatient(client, description["subject"], patient, signal))) return mismatch("patient");
  const found = await measureBinary(client, `Binary/${expected.binaryId}`, signal);
  if (!found) return missing("Binary");
  if (found.bytes !== expected.bytes) return mismatch("size");
  return found.sha256 === expected.sha256 ? undefined : mismatch("hash");
}

/** Compares what is inside the Communication; a server may have moved it into a Binary of its own. */
async function compareInline(
  client: FhirClient,
  communication: Json,
  expected: Expectation["inline"],
  signal: AbortSignal,
): Promise<Difference> {
  const attachments = payloadOf(communication).flatMap(({ contentAttachment }) => contentAttachment ?? []);
  if (attachments.length !== expected.length) return mismatch("size");
  for (const [index, { bytes, sha256 }] of expected.entries()) {
    const { data, url = "" } = attachments[index] ?? {};
    const moved = /(?:^|\/)(Binary\/[A-Za-z0-9.-]{1,64})$/.exec(url)?.[1];
    const found = data === undefined && moved ? await measureBinary(client, moved, signal) : measure(data ?? "");
    if (!found) return missing("Binary");
    if (found.bytes !== bytes) return mismatch("size");
    if (found.sha256 !== sha256) return mismatch("hash");
  }
  return undefined;
}

function measure(base64: string) {
  const bytes = Buffer.from(base64, "base64");
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A Binary comes as it is or, from servers that insist, as JSON with base64 (R4 binary.html). */
function measureBinary(client: FhirClient, path: string, signal: AbortSignal) {
  return client.get(path, "*/*", signal, measureBody);
}

async function measureBody({ status, contentType, body }: FhirResponse) {
  if (status !== 200) {
    await body.dump();
    return undefined;
  }
  if (contentType.includes("json")) {
    const { data = "" } = (await body.json()) as { data?: string };
    return measure(data);
  }
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Whether a reference means the patient: by the identifier it carries, and by the Patient it points to. */
async function isPatient(client: FhirClient, value: unknown, key: PatientKey, signal: AbortSignal): Promise<boolean> {
  const { reference, identifier } = (value ?? {}) as Reference;
  if (identifier && !isSameIdentifier(identifier, key)) return false;
  const local = /(?:^|\/)(Patient\/[A-Za-z0-9.-]{1,64})(?:\/_history\/.+)?$/.exec(reference ?? "")?.[1];
  if (local === undefined) return identifier !== undefined;
  const patient = await client.read(local, signal);
  const identifiers = (patient?.["identifier"] ?? []) as Identifier[];
  // A server that hides Patient from us leaves what the reference itself says.
  return patient ? identifiers.some((other) => isSameIdentifier(other, key)) : identifier !== undefined;
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
    contentAttachment?: { data?: string; url?: string };
  }[];
}

function missing(what: string): Confirmation & { state: "missing" } {
  return { state: "missing", detail: `${what} is not there` };
}

function mismatch(what: string): Confirmation & { state: "mismatch" } {
  return { state: "mismatch", detail: `the ${what} differs` };
}
