import { raw, Router, type Request, type RequestHandler } from "express";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { ApiDeps, WebhookDoor } from "./deps.ts";
import { methodNotAllowed, nameOf, notFound, Problem, tooLarge, unavailable } from "./problem.ts";

/** Meta sends at most 3 MB. */
const LIMIT_BYTES = 3.5 * 1024 * 1024;

/** Where providers call in. Nothing of a body is read or kept before its signature holds. */
export function webhookRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/:channel")
    .all(counted(deps))
    .get((request, response) => {
      const challenge = doorOf(deps, request).challenge(queryOf(request));
      if (challenge === undefined)
        throw new Problem(403, "problem:refused", "Refused", "The verification does not match.");
      response.type("text/plain").send(challenge);
    })
    .post(
      (request, response, next) => {
        doorOf(deps, request);
        // The parser would read an announced gigabyte to its end before it says no.
        if (Number(request.headers["content-length"]) > LIMIT_BYTES) {
          response.set("Connection", "close");
          throw tooLarge();
        }
        next();
      },
      raw({ type: () => true, limit: LIMIT_BYTES, inflate: false }),
      async (request, response) => {
        await take(deps, doorOf(deps, request), request);
        response.status(200).end();
      },
    )
    .all(methodNotAllowed("GET", "POST"));
  return router;
}

async function take(deps: ApiDeps, door: WebhookDoor, request: Request): Promise<void> {
  const body: unknown = request.body;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const channel = channelOf(request);
  const received = { headers: request.headers, query: queryOf(request), raw: bytes };
  if (!door.authenticate(received)) {
    deps.metrics.count("signature_failures", { channel });
    throw new Problem(
      401,
      "problem:signature",
      "Signature invalid",
      "The signature does not match the body; nothing was stored.",
    );
  }
  try {
    if (!(await deps.mayStore())) throw new BotenstoffError("STORE_FULL", "taking an event: the disk is too full");
    await door.intake({ raw: bytes, receivedAt: new Date(deps.now()).toISOString() }, received);
  } catch (error) {
    // Whatever the reason: what is not stored is not acknowledged, and the provider must send it again.
    deps.log("error", "webhook.not_stored", { channel, error: nameOf(error) });
    throw unavailable("The event could not be stored; send it again.");
  }
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
