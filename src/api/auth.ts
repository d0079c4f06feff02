import { Episodes, QUIET_MS } from "#src/telemetry/episodes.ts";
import type { IncomingMessage } from "node:http";
import type { Request, RequestHandler } from "express";
import { NOBODY, type Principal } from "#src/audit/principal.ts";
import type { OpenSession } from "./access-port.ts";
import { guardBrowser, readCookie } from "./browser.ts";
import type { ApiDeps } from "./deps.ts";
import { Failures } from "./failures.ts";
import { Problem } from "./problem.ts";

const FAILURES_PER_MINUTE = 20;

/** What a credential has proven. */
interface Proven {
  readonly principal: Principal;
  readonly session?: OpenSession;
}

const proven = new WeakMap<IncomingMessage, Proven>();

/** Who asks, as far as it was proven. */
export function principalOf(request: IncomingMessage): Principal {
  return proven.get(request)?.principal ?? NOBODY;
}

/** The session whose cookie the request showed. */
export function sessionOf(request: IncomingMessage): OpenSession | undefined {
  return proven.get(request)?.session;
}

/**
 * Lets in whoever proves who he is: a machine by its token or its client certificate, a person by the cookie of a session. Wrong credentials are
 * counted by address and refused faster after twenty a minute; the right one is let in all the same, for many may stand
 * behind one address, and none can be guessed.
 */
export function authenticate(deps: Proving & Pick<ApiDeps, "log">): RequestHandler {
  const { access, log } = deps;
  const refusals = new Episodes(QUIET_MS);
  const tellWrong = () => {
    const begins = refusals.happened("credential", ({ count }) => log("info", "access.refusals_over", { count }));
    if (begins) log("warn", "access.refused");
  };
  const failures = new Failures({ perMinute: FAILURES_PER_MINUTE, tooMany });
  return async (request, response, next) => {
    const shown = await prove(deps, request);
    if (shown !== "nothing" && shown !== "wrong") {
      proven.set(request, shown);
      next();
      return;
    }
    if (!(await access.isOpen())) throw closed;
    if (shown === "wrong") tellWrong();
    throw shown === "nothing" ? unauthorized : await failures.count(request, response, unauthorized);
  };
}

/**
 * Whose credential a request that was let in shows now; undefined: nobody's any more. For answers that go on for hours.
 * Nobody has done anything meanwhile.
 */
export async function stillProven(proving: Proving, request: Request): Promise<Principal | undefined> {
  const shown = await prove(proving, request, false);
  return shown === "nothing" || shown === "wrong" ? undefined : shown.principal;
}

/** What a page asks for by itself, while perhaps nobody sits there, says so. */
const UNATTENDED = "x-unattended";

/** A browser shows its certificate with whatever any page makes it ask for. */
const BROWSERS = ["sec-fetch-site", "sec-fetch-mode", "origin", "referer", "cookie"] as const;

async function byCertificate({ access, clients }: Proving, request: Request): Promise<Proven | "nothing"> {
  if (BROWSERS.some((name) => request.headers[name] !== undefined)) return "nothing";
  const hash = clients.certificateHash(request);
  const principal = hash && (await access.tokens.principalOfCertificate(hash));
  return principal ? { principal } : "nothing";
}

type Proving = Pick<ApiDeps, "access" | "clients">;

async function prove(
  proving: Proving,
  request: Request,
  used = request.headers[UNATTENDED] === undefined,
): Promise<Proven | "nothing" | "wrong"> {
  const { access } = proving;
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    const principal = token === undefined ? undefined : await access.tokens.principalOf(token);
    return principal ? { principal } : "wrong";
  }
  const cookie = readCookie(request, "session");
  if (cookie === undefined) return byCertificate(proving, request);
  const session = await access.sessions.find(cookie, used);
  if (!session) return "wrong";
  guardBrowser(request, session, access.publicUrl);
  return { principal: session.principal, session };
}

const closed = new Problem(
  403,
  "problem:closed",
  "The API is closed",
  "Nobody has a credential: set BOTENSTOFF_API_TOKEN, name an identity provider in config/access.yaml, or create a token.",
);

const unauthorized = new Problem(
  401,
  "problem:unauthorized",
  "Unauthorized",
  "Sign in, or send a valid token as a bearer token.",
  { headers: { "WWW-Authenticate": 'Bearer realm="botenstoff"' } },
);

const tooMany = new Problem(
  429,
  "problem:too-many-failures",
  "Too many wrong credentials",
  "Wait a minute before the next wrong one; the right one is taken at any time.",
  { headers: { "Retry-After": "60" } },
);
