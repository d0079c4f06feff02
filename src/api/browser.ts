import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import type { OpenSession } from "./access-port.ts";
import { Problem } from "./problem.ts";

/** `__Host-` cookies need https; what stands in for them on plain http says so, and is set on loopback only. */
const NAMES = {
  session: { secure: "__Host-botenstoff", plain: "botenstoff-insecure-loopback" },
  signIn: { secure: "__Host-botenstoff-sign-in", plain: "botenstoff-sign-in-insecure-loopback" },
} as const;

type CookieName = keyof typeof NAMES;

/** The origin of a request that has none configured must name this machine itself: any other name may be anybody's. */
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export function readCookie(request: Request, which: CookieName): string | undefined {
  const name = NAMES[which][request.secure ? "secure" : "plain"];
  const pairs = (request.headers.cookie ?? "").split(/; */).map((pair) => pair.split("=", 2));
  const values = pairs.filter(([key]) => key === name).map(([, value = ""]) => value);
  // Two of one name: one of them was planted.
  return values.length === 1 ? values[0] : undefined;
}

/** @param value absent: the browser forgets it */
export function setCookie(request: Request, response: Response, which: CookieName, value?: string, maxAgeMs = 0): void {
  const { secure } = request;
  response.append(
    "Set-Cookie",
    [
      `${NAMES[which][secure ? "secure" : "plain"]}=${value ?? ""}`,
      "Path=/",
      "HttpOnly",
      "SameSite=Lax",
      ...(secure ? ["Secure"] : []),
      `Max-Age=${value === undefined ? 0 : Math.round(maxAgeMs / 1_000)}`,
    ].join("; "),
  );
}

/**
 * Where browsers reach the engine, without a slash at the end.
 * @throws Problem 421 on plain http or under a name that is neither configured nor loopback
 */
export function originOf(request: Request, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  const host = request.headers.host ?? "";
  if (LOOPBACK.test(host)) return `${request.protocol}://${host}`;
  throw new Problem(
    421,
    "problem:public-url",
    "Not reachable under this name",
    "Set public_url in config/access.yaml to the address browsers use.",
  );
}

/**
 * Lets a request that shows a session's cookie through only if it was made by the engine's own pages: a cookie travels with
 * every request a browser is talked into.
 * @throws Problem 403
 */
export function guardBrowser(request: Request, session: OpenSession, publicUrl: string | undefined): void {
  const site = request.headers["sec-fetch-site"];
  const writes = !SAFE.has(request.method);
  if (site === undefined ? writes && request.headers.origin !== originOf(request, publicUrl) : !isOwn(site, writes))
    throw foreign;
  const token = request.headers["x-csrf-token"];
  if (writes && !same(session.csrf, typeof token === "string" ? token : "")) throw foreign;
}

/** Whether the request was not made by another site's page, as far as the browser says. */
export function isOwnPage(request: Request): boolean {
  return isOwn(request.headers["sec-fetch-site"] ?? "none", false);
}

/** `none`: the address was typed in or kept; nobody writes that way. Another port of the same host is another site's page. */
function isOwn(site: string | string[], writes: boolean): boolean {
  return site === "same-origin" || (site === "none" && !writes);
}

function same(expected: string, given: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(expected), hash(given));
}

/** A path of our own, or the console: nobody is led elsewhere after signing in. */
export function ownPath(wanted: string | undefined, origin: string): string {
  const url = wanted?.startsWith("/") === true ? URL.parse(wanted, origin) : null;
  return url?.origin === origin ? `${url.pathname}${url.search}${url.hash}` : "/console/";
}

const foreign = new Problem(
  403,
  "problem:foreign-request",
  "Not from this site",
  "Send it from the engine's own pages, with the session's X-CSRF-Token (GET /api/v1/me).",
);
