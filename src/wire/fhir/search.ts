import { BotenstoffError } from "#src/message/error-code.ts";
import { dump } from "../http/body.ts";
import { json, refusal, type FhirResponse } from "./answer.ts";
import type { FhirClient } from "./client.ts";

type Json = Readonly<Record<string, unknown>>;

interface SearchSet {
  readonly resourceType?: unknown;
  readonly link?: readonly { readonly relation?: string; readonly url?: string }[];
  readonly entry?: readonly { readonly resource?: unknown; readonly search?: { readonly mode?: string } }[];
}

export interface Search {
  readonly type: string;
  /** What the server must search by: an answer that lost one of them is none. */
  readonly by: Readonly<Record<string, string>>;
  /** What it may leave out. */
  readonly also?: Readonly<Record<string, string>>;
}

const MOST_PAGES = 10;
/** The server does not know `POST [type]/_search` (R4 http.html#search). */
const NO_POST = new Set([404, 405, 415, 501]);
/** Clients whose server was seen to take searches by GET only. */
const getOnly = new WeakSet<FhirClient>();

/**
 * Every match of a search, all its pages. What is searched by is personal, so it travels in the body of a POST; a server that
 * knows only GET is asked that way from then on. Servers may leave out what they do not know (R4 search.html, lenient handling):
 * they are asked not to, and an answer whose own `self` link lost a parameter is no answer.
 * @throws BotenstoffError SEARCH_UNRELIABLE, or by what the server answered
 */
export async function search<R extends object = Json>(
  client: FhirClient,
  { type, by, also = {} }: Search,
  signal: AbortSignal,
): Promise<R[]> {
  const query = new URLSearchParams({ ...by, ...also }).toString();
  const found: R[] = [];
  let page = await firstPage(client, type, query, signal);
  if (!keeps(page.set, Object.keys(by), page.posted)) throw unreliable("the answer lost what was searched by");
  for (let pages = 1; ; pages += 1) {
    for (const { resource, search: how } of page.set.entry ?? []) {
      const isMatch = (how?.mode ?? "match") === "match";
      if (isMatch && (resource as Json | undefined)?.["resourceType"] === type) found.push(resource as R);
    }
    const next = page.set.link?.find(({ relation }) => relation === "next")?.url;
    if (next === undefined) return found;
    if (pages === MOST_PAGES) throw unreliable("the answer has too many pages");
    page = { set: await get(client, below(client.baseUrl, next), signal), posted: false };
  }
}

/** A hit, or a page, that was not asked for. */
export function unreliable(why: string): BotenstoffError {
  return new BotenstoffError("SEARCH_UNRELIABLE", `searching the FHIR server: ${why}`);
}

async function firstPage(client: FhirClient, type: string, query: string, signal: AbortSignal) {
  if (!getOnly.has(client)) {
    const headers = { "content-type": "application/x-www-form-urlencoded", ...STRICT };
    const asked = { method: "POST", path: `${type}/_search`, headers, body: query } as const;
    const set = await client.ask(asked, signal, async (response) => {
      if (!NO_POST.has(response.status)) return searchSet(response);
      await dump(response.body);
      return undefined;
    });
    if (set) return { set, posted: true };
    getOnly.add(client);
  }
  return { set: await get(client, `${type}?${query}`, signal), posted: false };
}

const STRICT = { prefer: "handling=strict" };

function get(client: FhirClient, path: string, signal: AbortSignal): Promise<SearchSet> {
  return client.ask({ method: "GET", path, headers: STRICT }, signal, searchSet);
}

async function searchSet(response: FhirResponse): Promise<SearchSet> {
  if (response.status !== 200) throw await refusal(response);
  const set = (await json(response)) as SearchSet | undefined;
  if (set?.resourceType !== "Bundle") throw unreliable("the answer to a search is no Bundle");
  return set;
}

/** Servers that name no parameter at all after a POST (HAPI: they are not repeated in a URL) have not lost any. */
function keeps({ link = [] }: SearchSet, names: readonly string[], posted: boolean): boolean {
  const self = link.find(({ relation }) => relation === "self")?.url;
  if (self === undefined) return true;
  const kept = new URLSearchParams(self.includes("?") ? self.slice(self.indexOf("?") + 1) : "");
  if (posted && kept.size === 0) return true;
  return names.every((name) => [...kept].some(([key, value]) => value !== "" && key.replace(/:.*/, "") === name));
}

/** Only the server that was configured is asked, whatever a link says. HAPI's pages are "[base]?_getpages=…". */
function below(baseUrl: string, url: string): string {
  const base = new URL(baseUrl).href.replace(/\/$/, "");
  const next = URL.parse(url, `${base}/`)?.href ?? "";
  if (next.startsWith(`${base}?`)) return next.slice(base.length);
  if (next.startsWith(`${base}/`)) return next.slice(base.length + 1);
  throw unreliable("the next page is on another server");
}

/** FHIR R4 search.html#escaping, before percent-encoding. */
export function escapeToken(part: string): string {
  return part.replace(/[\\$,|]/g, "\\$&");
}
