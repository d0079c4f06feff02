import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Arrivals, type ArrivalReport } from "../arrivals.ts";
import { answerCalls } from "../child.ts";

/** What the sink saw. */
export interface FhirSinkReport extends ArrivalReport {
  readonly transactions: number;
  readonly reads: number;
}

type Json = Record<string, unknown>;
interface Stored {
  readonly version: number;
  readonly resource: Json;
  /** Of a Binary, instead of its base64. */
  readonly bytes?: Buffer;
}

/** Binaries are read back once; what is older than this has been, and would only be memory. */
const KEPT_BYTES = 256 * 1024 * 1024;

const store = new Map<string, Stored>();
const binaries: { path: string; bytes: number }[] = [];
let keptBytes = 0;
let arrivals = new Arrivals();
let transactions = 0;
let reads = 0;

const server = createServer((request, response) => {
  const path = (request.url ?? "").replace(/^\/fhir\/?/, "");
  if (path === "Patient/_search") void search(request, response);
  else if (request.method === "POST") void take(request, response);
  else answer(path, response);
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function search(request: IncomingMessage, response: ServerResponse): Promise<void> {
  reads += 1;
  find(new URLSearchParams(await textOf(request)), response);
}

function find(query: URLSearchParams, response: ServerResponse): void {
  const patient = patientOf(query.get("identifier") ?? "");
  send(response, 200, { resourceType: "Bundle", type: "searchset", entry: [{ resource: patient }] });
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  transactions += 1;
  const bundle = JSON.parse(await textOf(request)) as {
    entry: { resource: Json; request: { url: string } }[];
  };
  const entry = bundle.entry.map(({ resource, request: { url } }) => ({ response: put(url, resource) }));
  send(response, 200, { resourceType: "Bundle", type: "transaction-response", entry });
}

function put(url: string, resource: Json): Json {
  const before = store.get(url);
  const version = (before?.version ?? 0) + 1;
  const { data, ...rest } = resource;
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : undefined;
  store.set(url, { version, resource: { ...rest, meta: { versionId: String(version) } }, ...(bytes && { bytes }) });
  if (bytes) keep(url, bytes.length);
  if (resource["resourceType"] === "Communication") arrivals.add(url, JSON.stringify(resource["payload"]));
  return { status: before ? "200 OK" : "201 Created", location: `${url}/_history/${version}`, etag: `W/"${version}"` };
}

function keep(path: string, bytes: number): void {
  binaries.push({ path, bytes });
  keptBytes += bytes;
  while (keptBytes > KEPT_BYTES) {
    const oldest = binaries.shift();
    if (!oldest) return;
    keptBytes -= oldest.bytes;
    store.delete(oldest.path);
  }
}

function answer(path: string, response: ServerResponse): void {
  reads += 1;
  const [type = "", query] = path.split("?");
  if (type === "Patient" && query !== undefined) {
    find(new URLSearchParams(query), response);
    return;
  }
  if (type.startsWith("Patient/")) {
    send(response, 200, patients.get(decodeURIComponent(type.slice("Patient/".length))) ?? { resourceType: "Patient" });
    return;
  }
  const stored = store.get(type);
  if (!stored)
    send(response, 404, { resourceType: "OperationOutcome", issue: [{ severity: "error", code: "not-found" }] });
  else if (stored.bytes)
    response.writeHead(200, { "content-type": String(stored.resource["contentType"]) }).end(stored.bytes);
  else send(response, 200, stored.resource);
}

/** Every patient asked for exists: an id from the identifier's value. */
const patients = new Map<string, Json>();

function patientOf(token: string): Json {
  const [system, value = system] = token.includes("|") ? token.split("|") : [undefined, token];
  const id = `p-${value}`;
  let patient = patients.get(id);
  if (!patient) {
    patient = { resourceType: "Patient", id, identifier: [{ ...(system && { system }), value }] };
    patients.set(id, patient);
  }
  return patient;
}

function send(response: ServerResponse, status: number, body: Json): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/fhir+json", "content-length": bytes.length }).end(bytes);
}

answerCalls({
  listen: async () => {
    // Longer than anything here lasts: a connection closed while a request is on its way is a fault of its own.
    server.keepAliveTimeout = 600_000;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  report: (): FhirSinkReport => ({ ...arrivals.report(), transactions, reads }),
  forget: () => {
    arrivals = new Arrivals();
    transactions = reads = 0;
    store.clear();
  },
});
