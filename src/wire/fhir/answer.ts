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
function refused(
  { status, headers }: Pick<FhirResponse, "status" | "headers">,
  said: string,
  words?: string,
): BotenstoffError {
  const pause = retryAfterMs(headers, Date.now());
  const redirect = status >= 300 && status < 400 ? "; redirects are not followed: correct base_url if it lasts" : "";
  return new BotenstoffError(meaningOf(status), `asking the FHIR server: answered ${status}${redirect}${said}`, {
    ...(pause !== undefined && { retryAfterMs: pause }),
    ...(words !== undefined && { said: words }),
  });
}

/** The same of an answer whose body nobody has read yet. */
export async function refusal(response: FhirResponse): Promise<BotenstoffError> {
  return refused(response, "", (await outcomeOf(response)).words);
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
  if (response.status === 404 || response.status === 410) {
    await dump(response.body);
    return undefined;
  }
  throw await refusal(response);
}

/**
 * The answer to a transaction all of whose entries were taken; undefined where the server says no more than that it was.
 * Servers that know transactions only as batches (Medplum without the feature `transaction-bundles`) answer 200 and say of
 * each entry what became of it. Where they took a part and may take the rest later, the chart may show it already: in doubt.
 */
export async function transactionAnswer(response: FhirResponse): Promise<unknown> {
  if (response.status >= 200 && response.status < 300) return taken(response, await json(response));
  const { said, isAboutIds, words } = await outcomeOf(response);
  if (isTooLarge(response.status, said, words)) throw tooLarge(`answered ${response.status}${said ?? ""}`, words);
  const idsRefused = isAboutIds || [404, 405].includes(response.status);
  if (idsRefused && said !== undefined) throw idsAreRefused(`answered ${response.status}${said}`, words);
  throw refused(response, said ?? "", words);
}

function taken(response: FhirResponse, answer: unknown): unknown {
  const entries =
    (answer as { entry?: readonly { response?: { status?: unknown; outcome?: unknown } }[] } | null | undefined)
      ?.entry ?? [];
  const statuses = entries.map(({ response }) => Number.parseInt(String(response?.status), 10));
  const at = statuses.findIndex((status) => status >= 400);
  const refusal = statuses[at];
  if (refusal === undefined) return answer;
  const words = wordsOf(entries[at]?.response?.outcome);
  const codes = (issuesOf(entries[at]?.response?.outcome) ?? []).map(({ code }) => code).join();
  if (isTooLarge(refusal, codes, words)) throw tooLarge(`answered ${refusal} to an entry`, words);
  if (refusal === 404 || refusal === 405) throw idsAreRefused(`answered ${refusal} to an entry`, words);
  const error = refused({ status: refusal, headers: response.headers }, " to an entry", words);
  if (error.class === "permanent" || statuses.every((status) => status >= 400)) throw error;
  throw new BotenstoffError("DESTINATION_NO_ANSWER", error.message, { cause: error });
}

/**
 * Every entry writes a resource under an id of ours: a server that knows transactions and says "not found" or "not allowed"
 * lets nobody choose ids (R4 http.html#upsert: 405; HAPI: 404).
 */
function idsAreRefused(said: string, words: string | undefined): BotenstoffError {
  return new BotenstoffError("DESTINATION_REFUSES_IDS", `asking the FHIR server: ${said}`, {
    ...(words !== undefined && { said: words }),
  });
}

/** IIS says 404 (404.13), servers behind a parser with limits 400, 422 or 500; and some 507. */
const MAY_BE_TOO_LARGE = new Set([400, 403, 404, 422, 500, 507]);
const ABOUT_SIZE =
  /too (large|big|long)|(size|length|limit|maximum|entity|payload|body)[^.]{0,60}exceed|exceed[^.]{0,60}(size|length|limit|maximum)|404\.13/i;
/** Codes of OperationOutcome (R4 valueset-issue-type.html). */
const TOO_LARGE_CODES = /\btoo-(long|costly)\b/;

/** Whether a refusal is about how much was sent. 413 says so by itself; of others only a word of it does. */
function isTooLarge(status: number, codes = "", words = ""): boolean {
  if (status === 413) return true;
  return MAY_BE_TOO_LARGE.has(status) && (TOO_LARGE_CODES.test(codes) || ABOUT_SIZE.test(words));
}

function tooLarge(said: string, words: string | undefined): BotenstoffError {
  return new BotenstoffError("DESTINATION_TOO_LARGE", `asking the FHIR server: ${said}`, {
    ...(words !== undefined && { said: words }),
  });
}

const ABOUT_IDS = /client[- ]?assigned|client[- ]?supplied|client[- ]?defined|update[- ]?as[- ]?create|updateCreate/i;

interface Told {
  /** Codes and places of an OperationOutcome, undefined where the answer is none. */
  readonly said: string | undefined;
  readonly isAboutIds: boolean;
  /** Its texts, which may quote the patient; or what came instead of one. */
  readonly words: string | undefined;
}

async function outcomeOf(response: FhirResponse): Promise<Told> {
  const text = await bytesWithin(response.body, MOST_OUTCOME_BYTES)
    .then((bytes) => bytes.toString("utf8"))
    .catch(() => "");
  const outcome = parsed(text);
  const issues = issuesOf(outcome);
  if (!issues) return { said: undefined, isAboutIds: false, words: text.trim() === "" ? undefined : text };
  const said = issues
    .map(({ code, expression }) => [code, ...(expression ?? [])].join(" "))
    .join(", ")
    .replace(/[^\w .,[\]()-]/g, "?")
    .slice(0, 300);
  const words = wordsOf(outcome);
  return { said: said === "" ? "" : ` (${said})`, isAboutIds: ABOUT_IDS.test(words ?? ""), words };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first issues of an OperationOutcome; undefined where it is none. */
function issuesOf(outcome: unknown): readonly Issue[] | undefined {
  const { resourceType, issue } = (outcome ?? {}) as { resourceType?: unknown; issue?: unknown };
  if (resourceType !== "OperationOutcome") return undefined;
  return (Array.isArray(issue) ? issue : []).slice(0, 5) as readonly Issue[];
}

function wordsOf(outcome: unknown): string | undefined {
  const words = (issuesOf(outcome) ?? []).flatMap(({ diagnostics, details }) => [diagnostics, details?.text]);
  const said = words.filter((one) => typeof one === "string" && one !== "");
  return said.length === 0 ? undefined : said.join("\n");
}

interface Issue {
  readonly code?: string;
  readonly expression?: readonly string[];
  readonly diagnostics?: string;
  readonly details?: { readonly text?: string };
}
