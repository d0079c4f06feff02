import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import { bytesWithin, dump, TooLarge } from "../http/body.ts";
import { retryAfterMs } from "../http/retry-after.ts";

export interface FhirResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly contentType: string;
  /** Without its content coding. */
  readonly body: Readable;
}

/** A server's own description and fifty patients with their photos stay below; more is not an answer to our questions. */
const MOST_JSON_BYTES = 32 * 1024 * 1024;
const MOST_OUTCOME_BYTES = 256 * 1024;

/**
 * What a status other than 2xx means. Nobody follows a redirect: the server is elsewhere, or away, and a proxy's page says
 * so. 500, 502 and 504 may come after the commit: a gateway says 502 as well when its server hangs up instead of answering
 * (RFC 9110 §15.6.3). 501 is final, and so is 412: what we ask for has no precondition but that an identifier is unique.
 */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "DESTINATION_UNAUTHORIZED",
  403: "DESTINATION_UNAUTHORIZED",
  407: "DESTINATION_UNREACHABLE",
  408: "DESTINATION_NO_ANSWER",
  409: "DESTINATION_BUSY",
  421: "DESTINATION_BUSY",
  423: "DESTINATION_BUSY",
  425: "DESTINATION_BUSY",
  429: "DESTINATION_BUSY",
  501: "DESTINATION_REFUSED",
  503: "DESTINATION_BUSY",
};

/** The error of an answer that is none; its body must have been read or dumped. */
export function refused({ status, headers }: Pick<FhirResponse, "status" | "headers">, said: string): BotenstoffError {
  const pause = retryAfterMs(headers, Date.now());
  const redirect = status >= 300 && status < 400 ? "; redirects are not followed: correct base_url if it lasts" : "";
  return new BotenstoffError(meaningOf(status), `asking the FHIR server: answered ${status}${redirect}${said}`, {
    ...(pause !== undefined && { retryAfterMs: pause }),
  });
}

function meaningOf(status: number): ErrorCode {
  const known = BY_STATUS[status];
  if (known) return known;
  if (status >= 300 && status < 400) return "DESTINATION_UNREACHABLE";
  return status >= 500 || status < 200 ? "DESTINATION_NO_ANSWER" : "DESTINATION_REFUSED";
}

/** The JSON of an answer; undefined where it is empty, as with `Prefer: return=minimal`. @throws BotenstoffError */
export async function json({ body }: FhirResponse, mostBytes = MOST_JSON_BYTES): Promise<unknown> {
  try {
    const bytes = await bytesWithin(body, mostBytes);
    if (bytes.toString("latin1").trim() === "") return undefined;
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch (cause) {
    const why = cause instanceof TooLarge ? cause.message : "the answer is not JSON";
    throw new BotenstoffError("DESTINATION_NO_ANSWER", `asking the FHIR server: ${why}`, { cause });
  }
}

/** The resource of a read; undefined when the server says it has none (404, 410). @throws BotenstoffError */
export async function resourceOf(response: FhirResponse): Promise<Record<string, unknown> | undefined> {
  if (response.status === 200) {
    const resource = await json(response);
    if (typeof resource === "object" && resource !== null) return resource as Record<string, unknown>;
    throw new BotenstoffError("DESTINATION_NO_ANSWER", "asking the FHIR server: the answer is not a resource");
  }
  await dump(response.body);
  if (response.status === 404 || response.status === 410) return undefined;
  throw refused(response, "");
}

/**
 * The answer to a transaction all of whose entries were taken; undefined where the server says no more than that it was.
 * Servers that know transactions only as batches (Medplum without the feature `transaction-bundles`) answer 200 and say of
 * each entry what became of it. Where they took a part and may take the rest later, the chart may show it already: in doubt.
 */
export async function transactionAnswer(response: FhirResponse): Promise<unknown> {
  if (response.status >= 200 && response.status < 300) return taken(response, await json(response));
  const { said, isAboutIds } = await outcomeOf(response);
  const idsRefused = isAboutIds || [404, 405].includes(response.status);
  if (idsRefused && said !== undefined) throw idsAreRefused(`answered ${response.status}${said}`);
  throw refused(response, said ?? "");
}

function taken(response: FhirResponse, answer: unknown): unknown {
  const entries =
    (answer as { entry?: readonly { response?: { status?: unknown } }[] } | null | undefined)?.entry ?? [];
  const statuses = entries.map(({ response }) => Number.parseInt(String(response?.status), 10));
  const refusal = statuses.find((status) => status >= 400);
  if (refusal === undefined) return answer;
  if (refusal === 404 || refusal === 405) throw idsAreRefused(`answered ${refusal} to an entry`);
  const error = refused({ status: refusal, headers: response.headers }, " to an entry");
  if (error.class === "permanent" || statuses.every((status) => status >= 400)) throw error;
  throw new BotenstoffError("DESTINATION_NO_ANSWER", error.message);
}

/**
 * Every entry writes a resource under an id of ours: a server that knows transactions and says "not found" or "not allowed"
 * lets nobody choose ids (R4 http.html#upsert: 405; HAPI: 404).
 */
function idsAreRefused(said: string): BotenstoffError {
  return new BotenstoffError("DESTINATION_REFUSES_IDS", `asking the FHIR server: ${said}`);
}

const ABOUT_IDS = /client[- ]?assigned|client[- ]?supplied|client[- ]?defined|update[- ]?as[- ]?create|updateCreate/i;

/**
 * Codes and places of an OperationOutcome, undefined where the answer is none; its texts may quote the patient and stay
 * behind. They are only searched for what concerns ids.
 */
async function outcomeOf(response: FhirResponse): Promise<{ said: string | undefined; isAboutIds: boolean }> {
  const outcome = await json(response, MOST_OUTCOME_BYTES).catch(() => undefined);
  const { resourceType, issue } = (outcome ?? {}) as { resourceType?: unknown; issue?: unknown };
  if (resourceType !== "OperationOutcome") return { said: undefined, isAboutIds: false };
  const issues = (Array.isArray(issue) ? issue : []).slice(0, 5) as readonly Issue[];
  const said = issues
    .map(({ code, expression }) => [code, ...(expression ?? [])].join(" "))
    .join(", ")
    .replace(/[^\w .,[\]()-]/g, "?")
    .slice(0, 300);
  const texts = issues.map(({ diagnostics, details }) => `${diagnostics ?? ""} ${details?.text ?? ""}`).join(" ");
  return { said: said === "" ? "" : ` (${said})`, isAboutIds: ABOUT_IDS.test(texts) };
}

interface Issue {
  readonly code?: string;
  readonly expression?: readonly string[];
  readonly diagnostics?: string;
  readonly details?: { readonly text?: string };
}
