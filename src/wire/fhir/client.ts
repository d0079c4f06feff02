import type { Readable } from "node:stream";
import { request, type Dispatcher } from "undici";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Secret } from "#src/message/secret.ts";
import { within } from "../http/deadline.ts";
import { decodedBody } from "../http/decode.ts";
import { HttpConnections } from "../http/dispatcher.ts";
import { failureOf } from "../http/failure.ts";
import type { Proxy } from "../http/proxy.ts";
import type { ClientTls } from "../tls/client-tls.ts";
import { resourceOf, transactionAnswer, type FhirResponse } from "./answer.ts";

export interface FhirClientSettings {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** The whole value of the Authorization header. */
  readonly authorization?: Secret;
  readonly timeoutMs: number;
  readonly connections: number;
  readonly tls?: ClientTls;
  readonly proxy?: Proxy;
}

/** One request. */
export interface Asked {
  readonly method: "GET" | "POST";
  /** Below the base URL; empty for the base itself. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | Buffer | string;
}

export const FHIR_JSON = "application/fhir+json";
const CONNECT_TIMEOUT_MS = 10_000;

/** A thin FHIR client: it follows no redirect, retries nothing, and tells exactly what may have happened. */
export class FhirClient {
  readonly baseUrl: string;
  readonly #settings: FhirClientSettings;
  readonly #connections: HttpConnections;

  constructor(settings: FhirClientSettings) {
    this.#settings = settings;
    this.baseUrl = settings.baseUrl;
    this.#connections = new HttpConnections({
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      silenceMs: settings.timeoutMs,
      connections: settings.connections,
      ...(settings.tls && { tls: settings.tls }),
      ...(settings.proxy && { proxy: settings.proxy }),
    });
  }

  /**
   * Posts a transaction. Resolves with the server's answer, undefined where it took it without a word (204).
   * @throws BotenstoffError, by what may have happened to it
   */
  transaction(body: Readable | Buffer, signal: AbortSignal): Promise<unknown> {
    const headers = { "content-type": FHIR_JSON, prefer: "return=minimal" };
    return this.ask({ method: "POST", path: "", headers, body }, signal, transactionAnswer);
  }

  /** Reads a JSON resource; undefined when the server says it has none (404, 410). @throws BotenstoffError */
  read(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
    return this.ask({ method: "GET", path }, signal, resourceOf);
  }

  /**
   * One request and its answer, both within the time.
   * @param consume must read the body to its end, or dump it
   * @throws BotenstoffError when there is no answer
   */
  ask<T>(asked: Asked, signal: AbortSignal, consume: (response: FhirResponse) => Promise<T>): Promise<T> {
    return within(this.#settings.timeoutMs, signal, tooLate, async (bounded) => {
      const response = await this.#send(asked, bounded).catch((cause: unknown) => {
        throw this.#unanswered(cause);
      });
      return consume(this.#opened(response));
    });
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  #send({ method, path, headers, body }: Asked, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { baseUrl, authorization } = this.#settings;
    return request(path === "" || path.startsWith("?") ? `${baseUrl}${path}` : `${baseUrl}/${path}`, {
      method,
      dispatcher: this.#connections.current(),
      signal,
      headers: {
        accept: FHIR_JSON,
        "accept-encoding": "identity",
        ...(method === "GET" && { "cache-control": "no-cache" }),
        ...headers,
        ...(authorization && { authorization: authorization.reveal() }),
      },
      ...(body !== undefined && { body }),
    });
  }

  #opened({ statusCode: status, headers, body }: Dispatcher.ResponseData): FhirResponse {
    const contentType = String(headers["content-type"] ?? "");
    try {
      return { status, headers, contentType, body: decodedBody(body, headers) };
    } catch (cause) {
      body.on("error", () => undefined).destroy();
      throw new BotenstoffError("DESTINATION_NO_ANSWER", `asking the FHIR server: ${(cause as Error).message}`);
    }
  }

  #unanswered(cause: unknown): BotenstoffError {
    if (cause instanceof BotenstoffError) return cause;
    const { what, text } = failureOf(this.#connections.reasonOf(cause), new URL(this.baseUrl).host);
    return new BotenstoffError(MEANING[what], `asking the FHIR server: ${text}`, { cause });
  }
}

const MEANING = {
  unreachable: "DESTINATION_UNREACHABLE",
  untrusted: "DESTINATION_UNTRUSTED",
  unanswered: "DESTINATION_NO_ANSWER",
} as const;

function tooLate(): BotenstoffError {
  return new BotenstoffError("DESTINATION_NO_ANSWER", "asking the FHIR server: no answer in time");
}
