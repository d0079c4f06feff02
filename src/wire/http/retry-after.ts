import type { IncomingHttpHeaders } from "node:http";

/** A server may impose no longer pause than this: what waits for it must not wait unseen. */
const MOST_MS = 5 * 60_000;

/**
 * How long a server asks us to wait, at most five minutes: `x-ms-retry-after-ms` (Azure), else `Retry-After` in seconds or
 * as a date (RFC 9110 §10.2.3). A date is read by the server's own clock where it tells that, too.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number): number | undefined {
  const ms = textOf(headers["x-ms-retry-after-ms"]);
  if (/^\d+(\.\d+)?$/.test(ms)) return bounded(Number(ms));
  const said = textOf(headers["retry-after"]);
  if (/^\d+$/.test(said)) return bounded(Number(said) * 1_000);
  const until = Date.parse(said);
  if (Number.isNaN(until)) return undefined;
  const theirs = Date.parse(textOf(headers.date));
  return bounded(until - (Number.isNaN(theirs) ? now : theirs));
}

function bounded(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MOST_MS);
}

function textOf(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? (value[0] ?? "") : (value ?? "")).trim();
}
