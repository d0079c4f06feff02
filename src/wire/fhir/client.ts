import { Agent, request, type Dispatcher } from "undici";
import type { Readable } from "node:stream";
import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import type { Secret } from "#src/message/secret.ts";
import { within } from "./deadline.ts";

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
  transaction(body: Readable | Buffer, signal: AbortSignal): Promise<unknown> {
    const headers = { "content-type": FHIR_JSON, prefer: "return=minimal" };
    return this.#ask({ method: "POST", path: "", headers, body }, signal, async (response) => {
      if (response.status >= 200 && response.status < 300) return taken(await json(response));
      throw refused(response.status, await issues(response));
    });
  }

  /**
   * Reads something that is not (only) JSON.
   * @param consume must read the body to its end, or dump it
   * @throws BotenstoffError when there is no answer
   */
  get<T>(
    path: string,
    accept: string,
    signal: AbortSignal,
    consume: (response: FhirResponse) => Promise<T>,
  ): Promise<T> {
    return this.#ask({ method: "GET", path, headers: { accept, "cache-control": "no-cache" } }, signal, consume);
  }

  /** Reads a JSON resource; undefined when the server says it has none (404, 410). */
  read(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
    return this.get(path, FHIR_JSON, signal, async (response) => {
      if (response.status === 200) return (await json(response)) as Record<string, unknown>;
      await response.body.dump();
      if (response.status === 404 || response.status === 410) return undefined;
      throw refused(response.status, "");
    });
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  /** One request and its answer, both within the time. */
  #ask<T>(asked: Asked, signal: AbortSignal, consume: (response: FhirResponse) => Promise<T>): Promise<T> {
    return within(this.#settings.timeoutMs, signal, tooLate, async (bounded) => {
      const response = await this.#send(asked, bounded).catch((cause: unknown) => {
        throw unanswered(cause);
      });
      const contentType = String(response.headers["content-type"] ?? "");
      return consume({ status: response.statusCode, contentType, body: response.body });
    });
  }

  #send({ method, path, headers, body }: Asked, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { baseUrl, authorization } = this.#settings;
    return request(path === "" ? baseUrl : `${baseUrl}/${path}`, {
      method,
      dispatcher: this.#agent,
      signal,
      headers: { accept: FHIR_JSON, ...headers, ...(authorization && { authorization: authorization.reveal() }) },
      ...(body && { body }),
    });
  }
}

interface Asked {
  readonly method: "GET" | "POST";
  /** Below the base URL; empty for the base itself. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readable | Buffer;
}

function tooLate(): BotenstoffError {
  return new BotenstoffError("DESTINATION_NO_ANSWER", "asking the FHIR server: no answer in time");
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

/** OpenSSL's and Node's codes for a server's certificate that we do not accept: the handshake fails, nothing is sent. */
const UNTRUSTED =
  /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$)/;

function unanswered(cause: unknown): BotenstoffError {
  if (cause instanceof BotenstoffError) return cause;
  const code = Error.isError(cause) && "code" in cause ? String(cause.code) : "no answer";
  return new BotenstoffError(meaningOf(code), `asking the FHIR server: ${code}`, { cause });
}

function meaningOf(code: string): ErrorCode {
  if (UNTRUSTED.test(code)) return "DESTINATION_UNTRUSTED";
  return NEVER_SENT.has(code) || code.startsWith("ERR_TLS") ? "DESTINATION_UNREACHABLE" : "DESTINATION_NO_ANSWER";
}

/**
 * What a status other than 2xx means; 500, 502 and 504 may come after the commit: a gateway says 502 as well when its
 * server hangs up instead of answering (RFC 9110 §15.6.3).
 */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "DESTINATION_UNAUTHORIZED",
  403: "DESTINATION_UNAUTHORIZED",
  408: "DESTINATION_NO_ANSWER",
  409: "DESTINATION_BUSY",
  412: "DESTINATION_BUSY",
  423: "DESTINATION_BUSY",
  425: "DESTINATION_BUSY",
  429: "DESTINATION_BUSY",
  503: "DESTINATION_BUSY",
};

function refused(status: number, said: string): BotenstoffError {
  const code = BY_STATUS[status] ?? (status >= 500 ? "DESTINATION_NO_ANSWER" : "DESTINATION_REFUSED");
  return new BotenstoffError(code, `asking the FHIR server: answered ${status}${said}`);
}

async function json({ body }: FhirResponse): Promise<unknown> {
  try {
    return await body.json();
  } catch (cause) {
    throw new BotenstoffError("DESTINATION_NO_ANSWER", "asking the FHIR server: the answer is not JSON", { cause });
  }
}

/**
 * The answer to a transaction all of whose entries were taken. Servers that know transactions only as batches (Medplum
 * without the feature `transaction-bundles`) answer 200 and say of each entry what became of it. Where they took a part and
 * may take the rest later, the chart may show it already: in doubt.
 */
function taken(answer: unknown): unknown {
  const entries = (answer as { entry?: readonly { response?: { status?: unknown } }[] } | null)?.entry ?? [];
  const statuses = entries.map(({ response }) => Number.parseInt(String(response?.status), 10));
  const refusal = statuses.find((status) => status >= 400);
  if (refusal === undefined) return answer;
  const error = refused(refusal, " to an entry");
  if (error.class === "permanent" || statuses.every((status) => status >= 400)) throw error;
  throw new BotenstoffError("DESTINATION_NO_ANSWER", error.message);
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
