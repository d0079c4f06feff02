import { Router, type Request, type RequestHandler, type Response } from "express";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { WebhookRequest } from "#src/sources/source.ts";
import { readBody } from "./body.ts";
import type { ApiDeps, WebhookDoor } from "./deps.ts";
import { Failures } from "./failures.ts";
import { methodNotAllowed, nameOf, notFound, Problem, unavailable } from "./problem.ts";
import { Room } from "./room.ts";

/** Meta sends at most 3 MB. */
const LIMIT_BYTES = 3 * 1024 * 1024;
const FAILURES_PER_MINUTE = 60;

/**
 * Where providers call in. In this order: the client certificate where the channel asks for one, the size, the
 * signature over the bytes as sent, and only then anything in them. What is proven is never turned away for what
 * others did; what is not proven is never kept.
 */
export function webhookRoutes(deps: ApiDeps): Router {
  const failures = new Failures({ perMinute: FAILURES_PER_MINUTE, tooMany });
  const room = new Room(deps);
  const refused = async (request: Request, response: Response, problem: Problem) => {
    // A stranger pays for each guess with a new connection.
    response.set("Connection", "close");
    // Read on without keeping anything, so that the answer is not lost in a reset; the server's time-out bounds it.
    request.resume();
    throw await failures.count(request, response, problem);
  };
  const router = Router();
  router
    .route("/:channel")
    .all(counted(deps))
    .get(async (request, response) => {
      const door = doorOf(deps, request);
      if (!certified(deps, door, request)) return refused(request, response, uncertified);
      const challenge = door.challenge(queryOf(request));
      if (challenge === undefined) return refused(request, response, unverified);
      response.type("text/plain").send(challenge);
    })
    .post(async (request, response) => {
      const door = doorOf(deps, request);
      if (!certified(deps, door, request)) return refused(request, response, uncertified);
      const received = { ...told(deps, request), raw: await bodyOf(deps, request, response) };
      const proven = door.authenticate(received);
      deps.connections.judged(request.socket, proven);
      if (!proven) {
        deps.metrics.count("signature_failures", { channel: channelOf(request) });
        return refused(request, response, unsigned);
      }
      await room.hold(received.raw.length, () => take(deps, door, channelOf(request), received));
      response.status(200).end();
    })
    .all(methodNotAllowed("GET", "POST"));
  return router;
}

function certified(deps: ApiDeps, door: WebhookDoor, request: Request): boolean {
  if (door.clientName === undefined || deps.clients.certificateName(request) === door.clientName) return true;
  deps.metrics.count("certificate_failures", { channel: channelOf(request) });
  return false;
}

async function bodyOf(deps: ApiDeps, request: Request, response: Response): Promise<Buffer> {
  try {
    return await readBody(request, LIMIT_BYTES, (bytes) => deps.connections.received(request.socket, bytes));
  } catch (error) {
    deps.connections.judged(request.socket, false);
    response.set("Connection", "close");
    request.resume();
    throw error;
  }
}

async function take(deps: ApiDeps, door: WebhookDoor, channel: string, received: WebhookRequest): Promise<void> {
  try {
    if (!(await deps.mayStore())) throw new BotenstoffError("STORE_FULL", "taking an event: the disk is too full");
    await door.intake({ raw: received.raw, receivedAt: new Date(deps.now()).toISOString() }, received);
  } catch (error) {
    // Whatever the reason: what is not stored is not acknowledged, and the provider must send it again.
    deps.log("error", "webhook.not_stored", { channel, error: nameOf(error) });
    throw unavailable("The event could not be stored; send it again.");
  }
}

/** What a request says of itself before its body. */
function told({ clients }: ApiDeps, request: Request): Omit<WebhookRequest, "raw"> {
  const certificateName = clients.certificateName(request);
  return {
    headers: request.headers,
    query: queryOf(request),
    ...(certificateName !== undefined && { certificateName }),
  };
}

function doorOf(deps: ApiDeps, request: Request): WebhookDoor {
  const door = deps.webhook(channelOf(request));
  if (!door) throw notFound("webhook");
  return door;
}

/** Counts every answer; the name of a channel that does not exist is a stranger's text and no label. */
function counted(deps: ApiDeps): RequestHandler {
  return (request, response, next) => {
    const channel = deps.webhook(channelOf(request)) ? channelOf(request) : "unknown";
    response.once("finish", () =>
      deps.metrics.count("webhook_requests", { channel, status: String(response.statusCode) }),
    );
    next();
  };
}

function channelOf(request: Request): string {
  return String(request.params["channel"]);
}

function queryOf(request: Request): URLSearchParams {
  const start = request.originalUrl.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : request.originalUrl.slice(start + 1));
}

const unverified = new Problem(403, "problem:refused", "Refused", "The verification does not match.");

const uncertified = new Problem(
  403,
  "problem:certificate",
  "Client certificate missing",
  "This channel takes webhooks only with the client certificate it names.",
);

const unsigned = new Problem(
  401,
  "problem:signature",
  "Signature invalid",
  "The signature does not match the body; nothing was stored.",
);

const tooMany = new Problem(
  429,
  "problem:too-many-failures",
  "Too many failures",
  "Nothing from this address could be proven lately. What carries a valid signature is still taken.",
  { headers: { "Retry-After": "60" } },
);
