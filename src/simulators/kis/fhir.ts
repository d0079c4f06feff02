import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Bundle, Patient, Resource } from "@medplum/fhirtypes";
import { loadDefinitions } from "./fhir-rules.ts";
import { Chart, outcome, type Reply } from "./chart.ts";
import type { SearchHabit } from "./search.ts";

/** How the server treats the next transaction or the next read; each is used up by one request. */
export type FhirBehaviour =
  | {
      readonly on: "transaction" | "read" | "search";
      /** Sent instead of an answer: a redirect, a refusal. */
      readonly answer: { readonly status: number; readonly headers?: Readonly<Record<string, string>> };
    }
  | {
      readonly on: "transaction";
      readonly status: number;
      readonly afterCommit?: boolean;
      readonly retryAfter?: number;
    }
  | { readonly on: "transaction"; readonly fault: "hang-up-after-commit" | "silence-after-commit" }
  | { readonly on: "transaction"; readonly fault: "no-content" }
  | { readonly on: "read"; readonly lie: "absent" | "other-patient" | "truncated" }
  /** Shows the resource of the next read otherwise than it is kept. */
  | { readonly on: "read"; readonly alter: (resource: Record<string, unknown>) => object };

/** How the server behaves all the time, where that is not as one would wish. */
export interface FhirHabits {
  /** A search ignores what it is asked by and returns everybody (R4 allows it unless strict handling is asked for). */
  readonly ignoresSearch?: SearchHabit;
  /** The status of `POST [type]/_search` where that is not offered. */
  readonly noPostSearch?: number;
  /** The status of every search. */
  readonly noSearch?: number;
  /** Lets no client choose an id. */
  readonly refusesIds?: boolean;
  /** Takes no transaction of more bytes, and says so like this. */
  readonly takesAtMost?: { readonly bytes: number; readonly status: number; readonly words?: string };
  /** Compresses what nobody asked to be compressed. */
  readonly compresses?: "gzip" | "deflate" | "br";
}

export interface KisFhir {
  readonly url: string;
  readonly port: number;
  /** Method, path and query of every request; no bodies. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly query: string }[];
  readonly chart: Chart;
  /** Every resource somebody has read as it is ("Communication/<id>"), lies not counted. */
  readonly readTruly: ReadonlySet<string>;
  /** Gives the KIS a patient, as its admission office would. */
  addPatient(patient: Omit<Patient, "resourceType">): Patient;
  /** Replaces the queue of behaviours. */
  behave(queue: readonly FhirBehaviour[]): void;
  /** Replaces the habits. */
  acquire(habits: FhirHabits): void;
  close(): Promise<void>;
}

const KEPT = 10_000;

/** The chart side of a KIS: a FHIR R4 server that validates what it gets, as well or as badly behaved as it is told. */
export async function startKisFhir({ host, port }: { host: string; port: number }): Promise<KisFhir> {
  await loadDefinitions();
  const chart = new Chart();
  const requests: { method: string; path: string; query: string }[] = [];
  const readTruly = new Set<string>();
  let queue: FhirBehaviour[] = [];
  let habits: FhirHabits = {};

  function next(on: FhirBehaviour["on"]): FhirBehaviour | undefined {
    const index = queue.findIndex((behaviour) => behaviour.on === on);
    return index < 0 ? undefined : queue.splice(index, 1)[0];
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams, search: asked } = new URL(request.url ?? "/", "http://simulator");
    requests.push({ method: request.method ?? "", path: pathname, query: asked });
    if (requests.length > KEPT) requests.shift();
    const reply = (said: Reply, accept = "") => send(response, said, accept, habits.compresses);
    if (request.method === "POST" && pathname === "/fhir") {
      await transaction(request, reply);
      return;
    }
    const path = pathname.replace(/^\/fhir\//, "");
    if (!path.includes("/") && path !== "metadata") reply(search(path, searchParams));
    else if (path.endsWith("/_search")) {
      const query = new URLSearchParams(await text(request));
      const { noPostSearch: status } = habits;
      reply(status === undefined ? search(path.replace("/_search", ""), query) : told({ status }));
    } else reply(read(path), request.headers.accept);
  }

  function search(type: string, query: URLSearchParams): Reply {
    const behaviour = next("search");
    if (behaviour && "answer" in behaviour) return told(behaviour.answer);
    if (habits.noSearch !== undefined) return told({ status: habits.noSearch });
    const { port: bound } = server.address() as AddressInfo;
    return { status: 200, body: chart.search(type, query, `http://${host}:${bound}/fhir`, habits.ignoresSearch) };
  }

  function read(path: string): Reply {
    const behaviour = path === "metadata" || path.startsWith("Patient/") ? undefined : next("read");
    const reply = chart.get(path);
    if (!behaviour && reply.status === 200) readTruly.add(path);
    if (behaviour && "answer" in behaviour) return told(behaviour.answer);
    if (behaviour && "alter" in behaviour) {
      return { ...reply, body: behaviour.alter(structuredClone(reply.body) as Record<string, unknown>) };
    }
    return behaviour && "lie" in behaviour ? lie(reply, behaviour.lie) : reply;
  }

  async function transaction(request: IncomingMessage, answer: (reply: Reply) => void): Promise<void> {
    const sent = await text(request);
    const { takesAtMost } = habits;
    if (takesAtMost && sent.length > takesAtMost.bytes) {
      answer({ status: takesAtMost.status, body: outcome("invalid", [takesAtMost.words ?? ""]) });
      return;
    }
    const bundle = JSON.parse(sent) as Bundle;
    const behaviour = next("transaction");
    if (behaviour && "answer" in behaviour) {
      answer(told(behaviour.answer));
      return;
    }
    if (behaviour && "status" in behaviour && !behaviour.afterCommit) {
      const headers = behaviour.retryAfter === undefined ? {} : { "retry-after": String(behaviour.retryAfter) };
      answer(told({ status: behaviour.status, headers }));
      return;
    }
    const reply = chart.transact(bundle, habits);
    if (behaviour && "fault" in behaviour) {
      if (behaviour.fault === "hang-up-after-commit") request.socket.destroy();
      if (behaviour.fault === "no-content") answer({ status: 204, body: undefined });
      return;
    }
    answer(behaviour && "status" in behaviour ? { ...reply, status: behaviour.status } : reply);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => send(response, told({ status: 400 }), ""));
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
    acquire: (acquired) => (habits = acquired),
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

/** What it was told to say. */
function told({ status, headers = {} }: { status: number; headers?: Readonly<Record<string, string>> }): Reply {
  return { status, headers, body: outcome("transient", ["told to"]) };
}

const COMPRESSION = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;

/** A Binary goes out as its bytes unless JSON is asked for (R4 binary.html#rest). */
function send(
  response: ServerResponse,
  { status, body, headers = {} }: Reply,
  accept: string,
  coding?: keyof typeof COMPRESSION,
): void {
  const resource = body as Resource | undefined;
  const raw = status === 200 && resource?.resourceType === "Binary" && !accept.includes("json");
  const type = raw ? resource.contentType : "application/fhir+json";
  const bytes = raw
    ? Buffer.from(resource.data ?? "", "base64")
    : Buffer.from(body === undefined ? "" : JSON.stringify(body));
  response.writeHead(status, { "content-type": type, ...headers, ...(coding && { "content-encoding": coding }) });
  response.end(coding ? COMPRESSION[coding](bytes) : bytes);
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
