import { request } from "undici";
import type { Dispatcher } from "undici";
import { BotenstoffError } from "#src/message/error-code.ts";
import { bytesWithin } from "#src/wire/http/body.ts";
import { decodedBody } from "#src/wire/http/decode.ts";
import { failureOf } from "#src/wire/http/failure.ts";
import { retryAfterMs } from "#src/wire/http/retry-after.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";

/** The Graph API as a provider offers it, its version included ("https://graph.facebook.com/v25.0"). */
export interface Graph {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  /** The headers that carry the token; sent only to addresses that were pinned before. */
  credentials(): Readonly<Record<string, string>>;
  /** What a look-up by media id asks along. */
  readonly mediaQuery: Readonly<Record<string, string>>;
  /** Path and query of something every valid token of this channel can read. */
  readonly probe: string;
}

/** The token is refused; the node does not exist, or not for this token; or something that may pass. */
export interface GraphRefusal {
  readonly refused: "token" | "absent" | "other";
  readonly status: number;
  /** Its own numbers for why: " (code 100, subcode 33)"; "" where it gave none. */
  readonly said: string;
  /** How long the Graph API asks us to wait. */
  readonly retryAfterMs?: number;
}

/** What a node of the Graph API answered. */
export type GraphAnswer = { readonly found: Members } | GraphRefusal;

/** A node's JSON is below 1 KiB; more than this is not the Graph API. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Reads a node: `GET /<version>/<id>?…`. Never follows a redirect, because the token would travel with it.
 * @throws BotenstoffError MEDIA_UNAVAILABLE when there is no answer, or none in JSON
 */
export async function readNode(
  graph: Graph,
  id: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<GraphAnswer> {
  return ask(graph, "GET", pathOf(id, query), signal);
}

/** Deletes a node: `DELETE /<version>/<id>?…`. @throws BotenstoffError MEDIA_UNAVAILABLE as above */
export async function deleteNode(
  graph: Graph,
  id: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<GraphAnswer> {
  return ask(graph, "DELETE", pathOf(id, query), signal);
}

/** Reads what only a valid token sees: proves address, version, token and number at once. */
export function readProbe(graph: Graph, signal: AbortSignal): Promise<GraphAnswer> {
  return ask(graph, "GET", graph.probe, signal);
}

function pathOf(id: string, query: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(query).toString();
  return `${encodeURIComponent(id)}${search && `?${search}`}`;
}

async function ask(graph: Graph, method: "GET" | "DELETE", path: string, signal: AbortSignal): Promise<GraphAnswer> {
  const url = `${graph.url.href.replace(/\/$/, "")}/${path}`;
  const { status, text, pause } = await asking(`the Graph API at ${graph.url.host}`, async () => {
    const {
      statusCode,
      headers: answered,
      body,
    } = await request(url, {
      method,
      dispatcher: graph.dispatcher,
      headers: headers(graph),
      signal,
    });
    const bytes = await bytesWithin(decodedBody(body, answered), MAX_ANSWER_BYTES);
    return { status: statusCode, text: bytes.toString("utf8"), pause: retryAfterMs(answered, Date.now()) };
  });
  const answer = parsed(text);
  if (status === 200 && answer) return { found: answer };
  const refused = refusal(status, members(answer?.["error"]));
  return {
    refused,
    status,
    said: codesOf(members(answer?.["error"])),
    ...(pause !== undefined && { retryAfterMs: pause }),
  };
}

function codesOf(error: Members | undefined): string {
  const [code, subcode] = [word(error?.["code"]), word(error?.["error_subcode"])];
  if (code === undefined || !/^\d{1,9}$/.test(code)) return "";
  return subcode !== undefined && /^\d{1,9}$/.test(subcode) ? ` (code ${code}, subcode ${subcode})` : ` (code ${code})`;
}

/** The headers of every request; the token goes only to addresses that were pinned before. */
export function headers(graph: Graph): Record<string, string> {
  return { ...graph.credentials(), "user-agent": "Botenstoff", "accept-encoding": "identity" };
}

/** Runs a request; a refused connection, a reset, a timeout and an abort all mean "not now". */
export async function asking<T>(whom: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { text } = failureOf(cause, "");
    throw new BotenstoffError("MEDIA_UNAVAILABLE", `asking ${whom}: no answer (${text.replace(/^: /, "")})`, { cause });
  }
}

/**
 * Graph API errors are known by `error.code`, not by title (Meta, support/error-codes): 190 and 0 an unusable token,
 * 3, 10, 200–299 and 131005 a missing permission, 100 with subcode 33 an object that "does not exist".
 */
function refusal(status: number, error: Members | undefined): "token" | "absent" | "other" {
  const code = Number(word(error?.["code"]) ?? Number.NaN);
  if (status === 401 || [0, 3, 10, 190, 131005].includes(code) || (code >= 200 && code <= 299)) return "token";
  if (status === 403) return "token";
  if (status === 404 || status === 410) return "absent";
  const gone = word(error?.["error_subcode"]) === "33" || /does not exist/i.test(word(error?.["message"]) ?? "");
  return status === 400 && code === 100 && gone ? "absent" : "other";
}

function parsed(text: string): Members | undefined {
  try {
    return members(JSON.parse(text));
  } catch {
    return undefined;
  }
}
