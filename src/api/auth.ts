import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import type { Secret } from "#src/message/secret.ts";
import { Problem } from "./problem.ts";

const FAILURES_PER_MINUTE = 20;

/**
 * Lets callers with the API token in; without a configured token nobody. Twenty wrong tokens
 * a minute close the door to their address.
 */
export function requireToken(token: Secret | undefined): RequestHandler {
  if (!token) return refuseAll;
  const expected = digest(token.reveal());
  const failures = rateLimit({
    windowMs: 60_000,
    limit: FAILURES_PER_MINUTE,
    keyGenerator: addressOf,
    standardHeaders: false,
    legacyHeaders: false,
    // The engine believes no proxy's X-Forwarded-For: the peer's address counts.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    handler: (_request, _response, next) => next(tooMany),
  });
  // Only failures are counted, so callers with the right token never compete for the limit.
  return async (request, response, next) => {
    const known = await failures.getKey(addressOf(request));
    if (known && known.totalHits >= FAILURES_PER_MINUTE) throw tooMany;
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given === undefined) throw unauthorized;
    if (timingSafeEqual(digest(given), expected)) next();
    else await failures(request, response, (error?: unknown) => next(error ?? unauthorized));
  };
}

function addressOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? "");
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
