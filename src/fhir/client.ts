import { Agent, request, type Dispatcher } from "undici";
import type { Readable } from "node:stream";
import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import type { Secret } from "#src/message/secret.ts";

export interface FhirClientSettings {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** The whole value of the Authorization header. */
  readonly authorization?: Secret;
  readonly timeoutMs: number;
  readonly connections: number;
}

export interface FhirResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: Dispatcher.ResponseData["body"];
}

const FHIR_JSON = "application/fhir+json";

/** A thin FHIR client: it follows no redirect, retries nothing, and tells exactly what may have happened. */
export class FhirClient {
  readonly #settings: FhirClientSettings;
  readonly #agent: Agent;

  constructor(settings: FhirClientSettings) {
    this.#settings = settings;
    const { timeoutMs, connections } = settings;
    this.#agent = new Agent({
      connections,
      connect: { timeout: 10_000 },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** Posts a transaction. @throws BotenstoffError, by what may have happened to it */
  async transaction(body: Readable, signal: AbortSignal): Promise<unknown> {
    const response = await this.#send(
      "POST",
      "",
      signal,
      { "content-type": FHIR_JSON, prefer: "return=minimal" },
      body,
    );
    if (response.status >= 200 && response.status < 300) return json(response);
    throw refused(response.status, await issues(response));
  }

  /** Reads something; the body must be consumed. @throws BotenstoffError when there is no answer */
  get(path: string, signal: AbortSignal, accept = FHIR_JSON): Promise<FhirResponse> {
    return this.#send("GET", path, signal, { accept, "cache-control": "no-cache" });
  }

  /** Reads a JSON resource; undefined when the server says it has none (404, 410). */
  async read(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
    const response = await this.get(path, signal);
    if (response.status === 200) return (await json(response)) as Record<string, unknown>;
    await response.body.dump();
    if (response.status === 404 || response.status === 410) return undefined;
    throw refused(response.status, "");
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal,
    headers: Record<string, string>,
    body?: Readable,
  ): Promise<FhirResponse> {
    const { baseUrl, authorization, timeoutMs } = this.#settings;
    try {
      const response = await request(path === "" ? baseUrl : `${baseUrl}/${path}`, {
        method,
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: { accept: FHIR_JSON, ...headers, ...(authorization && { authorization: authorization.reveal() }) },
        ...(body && { body }),
      });
      const contentType = String(response.headers["content-type"] ?? "");
      return { status: response.statusCode, contentType, body: response.body };
    } catch (cause) {
      throw unanswered(cause);
    }
  }
}

/** Connecting failed: nothing was sent. Anything later: it may have arrived. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function unanswered(cause: unknown): BotenstoffError {
  if (cause instanceof BotenstoffError) return cause;
  const code = Error.isError(cause) && "code" in cause ? String(cause.code) : "no answer";
  const unreachable = NEVER_SENT.has(code) || code.startsWith("CERT_") || code.startsWith("ERR_TLS");
  return new BotenstoffError(
    unreachable ? "DESTINATION_UNREACHABLE" : "DESTINATION_NO_ANSWER",
    `asking the FHIR server: ${code}`,
    { cause },
  );
}

/** What a status other than 2xx means; 500 and 504 may come after the commit. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "DESTINATION_UNAUTHORIZED",
  403: "DESTINATION_UNAUTHORIZED",
  408: "DESTINATION_NO_ANSWER",
  409: "DESTINATION_BUSY",
  412: "DESTINATION_BUSY",
  423: "DESTINATION_BUSY",
  425: "DESTINATION_BUSY",
  429: "DESTINATION_BUSY",
};

function refused(status: number, said: string): BotenstoffError {
  const ofServer = status === 502 || status === 503 ? "DESTINATION_BUSY" : "DESTINATION_NO_ANSWER";
  const code = BY_STATUS[status] ?? (status >= 500 ? ofServer : "DESTINATION_REFUSED");
  return new BotenstoffError(code, `asking the FHIR server: answered ${status}${said}`);
}

async function json({ body }: FhirResponse): Promise<unknown> {
  try {
    return await body.json();
  } catch (cause) {
    throw new BotenstoffError("DESTINATION_NO_ANSWER", "asking the FHIR server: the answer is not JSON", { cause });
  }
}

/** Codes and places of an OperationOutcome; its texts may quote the patient and stay behind. */
async function issues(response: FhirResponse): Promise<string> {
  try {
    const outcome = (await response.body.json()) as { issue?: { code?: string; expression?: string[] }[] };
    const said = (outcome.issue ?? [])
      .slice(0, 5)
      .map(({ code, expression }) => [code, ...(expression ?? [])].join(" "));
    return said.length === 0
      ? ""
      : ` (${said
          .join(", ")
          .replace(/[^\w .,[\]()-]/g, "?")
          .slice(0, 300)})`;
  } catch {
    return "";
  }
}
