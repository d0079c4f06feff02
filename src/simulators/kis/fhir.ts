import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Bundle, Patient, Resource } from "@medplum/fhirtypes";
import { loadDefinitions } from "./fhir-rules.ts";
import { Chart, outcome, type Reply } from "./chart.ts";

/** How the server treats the next transaction or the next read; each is used up by one request. */
export type FhirBehaviour =
  | {
      readonly on: "transaction";
      readonly status: number;
      readonly afterCommit?: boolean;
      readonly retryAfter?: number;
    }
  | { readonly on: "transaction"; readonly fault: "hang-up-after-commit" | "silence-after-commit" }
  | { readonly on: "read"; readonly lie: "absent" | "other-patient" | "truncated" };

export interface KisFhir {
  readonly url: string;
  readonly port: number;
  /** Method and path of every request; no bodies. */
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  readonly chart: Chart;
  /** Every resource somebody has read as it is ("Communication/<id>"), lies not counted. */
  readonly readTruly: ReadonlySet<string>;
  /** Gives the KIS a patient, as its admission office would. */
  addPatient(patient: Omit<Patient, "resourceType">): Patient;
  /** Replaces the queue of behaviours. */
  behave(queue: readonly FhirBehaviour[]): void;
  close(): Promise<void>;
}

const KEPT = 10_000;

/** The chart side of a KIS: a FHIR R4 server that validates what it gets, as well or as badly behaved as it is told. */
export async function startKisFhir({ host, port }: { host: string; port: number }): Promise<KisFhir> {
  await loadDefinitions();
  const chart = new Chart();
  const requests: { method: string; path: string }[] = [];
  const readTruly = new Set<string>();
  let queue: FhirBehaviour[] = [];

  function next(on: FhirBehaviour["on"]): FhirBehaviour | undefined {
    const index = queue.findIndex((behaviour) => behaviour.on === on);
    return index < 0 ? undefined : queue.splice(index, 1)[0];
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
    requests.push({ method: request.method ?? "", path: pathname });
    if (requests.length > KEPT) requests.shift();
    if (request.method === "POST" && pathname === "/fhir") {
      await transaction(request, response);
      return;
    }
    const behaviour = pathname === "/fhir/metadata" || pathname === "/fhir/Patient" ? undefined : next("read");
    const path = pathname.replace(/^\/fhir\//, "");
    const reply = chart.get(path, searchParams);
    if (!behaviour && reply.status === 200) readTruly.add(path);
    send(response, behaviour?.on === "read" ? lie(reply, behaviour.lie) : reply, request.headers.accept ?? "");
  }

  async function transaction(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bundle = JSON.parse(await text(request)) as Bundle;
    const behaviour = next("transaction");
    if (behaviour && "status" in behaviour && !behaviour.afterCommit) {
      const headers = behaviour.retryAfter === undefined ? {} : { "retry-after": String(behaviour.retryAfter) };
      send(response, { status: behaviour.status, headers, body: outcome("transient", ["told to"]) }, "");
      return;
    }
    const reply = chart.transact(bundle);
    if (behaviour && "fault" in behaviour) {
      if (behaviour.fault === "hang-up-after-commit") request.socket.destroy();
      return;
    }
    send(response, behaviour && "status" in behaviour ? { ...reply, status: behaviour.status } : reply, "");
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => send(response, { status: 400, body: outcome("invalid", ["unreadable"]) }, ""));
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}/fhir`,
    port: address.port,
    requests,
    chart,
    readTruly,
    addPatient: (patient) => chart.add({ ...patient, resourceType: "Patient" }) as Patient,
    behave: (behaviours) => (queue = [...behaviours]),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function lie(reply: Reply, how: "absent" | "other-patient" | "truncated"): Reply {
  const resource = reply.body as Resource | undefined;
  if (how === "absent" || !resource) return { status: 404, body: outcome("not-found", ["not here"]) };
  if (how === "truncated" && resource.resourceType === "Binary") {
    return { ...reply, body: { ...resource, data: (resource.data ?? "").slice(0, -8) } };
  }
  return { ...reply, body: { ...resource, subject: { type: "Patient", identifier: { value: "somebody-else" } } } };
}

/** A Binary goes out as its bytes unless JSON is asked for (R4 binary.html#rest). */
function send(response: ServerResponse, { status, body, headers = {} }: Reply, accept: string): void {
  const resource = body as Resource | undefined;
  if (status === 200 && resource?.resourceType === "Binary" && !accept.includes("json")) {
    response.writeHead(200, { "content-type": resource.contentType, ...headers });
    response.end(Buffer.from(resource.data ?? "", "base64"));
    return;
  }
  response.writeHead(status, { "content-type": "application/fhir+json", ...headers });
  response.end(JSON.stringify(body));
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
