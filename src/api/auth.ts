import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { ENVIRONMENT_TOKEN, NOBODY, type Principal } from "#src/audit/principal.ts";
import type { Secret } from "#src/message/secret.ts";
import { Failures } from "./failures.ts";
import { Problem } from "./problem.ts";

const FAILURES_PER_MINUTE = 20;

const principals = new WeakMap<IncomingMessage, Principal>();

/** Who asks, as far as it was proven. */
export function principalOf(request: IncomingMessage): Principal {
  return principals.get(request) ?? NOBODY;
}

/**
 * Lets callers with the API token in; without a configured token nobody. Twenty wrong tokens
 * a minute close the door to their address.
 */
export function requireToken(token: Secret | undefined): RequestHandler {
  if (!token) return refuseAll;
  const expected = digest(token.reveal());
  const failures = new Failures({ perMinute: FAILURES_PER_MINUTE, tooMany });
  return async (request, response, next) => {
    if (await failures.exhausted(request)) throw tooMany;
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given === undefined) throw unauthorized;
    if (!timingSafeEqual(digest(given), expected)) throw await failures.count(request, response, unauthorized);
    principals.set(request, ENVIRONMENT_TOKEN);
    next();
  };
}

/** Equal length for the constant-time comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

const refuseAll: RequestHandler = () => {
  throw new Problem(403, "problem:closed", "The API is closed", "Set BOTENSTOFF_API_TOKEN and start the engine again.");
};

const unauthorized = new Problem(401, "problem:unauthorized", "Unauthorized", "Send the API token as a bearer token.", {
  headers: { "WWW-Authenticate": 'Bearer realm="botenstoff"' },
});

const tooMany = new Problem(
  429,
  "problem:too-many-failures",
  "Too many wrong tokens",
  "Wait a minute, then send the right one.",
  { headers: { "Retry-After": "60" } },
);
