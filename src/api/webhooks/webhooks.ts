import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Router, type Request, type Response } from "express";
import type { ApiDeps } from "../deps.ts";
import { Failures } from "../failures.ts";
import { methodNotAllowed, notFound, Problem } from "../problem.ts";
import { certified, createTakeIn, queryOf, uncertified, Unproven } from "./take-in.ts";

const FAILURES_PER_MINUTE = 60;

/** The address of a channel's webhook, written without anything to decode. */
const ADDRESS = /^\/webhooks\/([\w-]+)(?:\?|$)/;

/** That an event is not taken: an object of its own, so that no reason at all can be read as an acknowledgement (I1). */
interface Refusal {
  readonly reason: unknown;
}

/**
 * Where providers call in. What is proven is never turned away for what others did; what is not proven is never kept.
 */
export interface Webhooks {
  /**
   * Takes in what is posted to a webhook before Express sees it, which would cost as much as proving it does: only what is
   * refused goes on to `app`, and there to the routes. @returns false for any other request
   */
  post(request: IncomingMessage, response: ServerResponse, app: RequestListener): boolean;
  readonly routes: Router;
}

export function createWebhooks(deps: ApiDeps): Webhooks {
  const failures = new Failures({ perMinute: FAILURES_PER_MINUTE, tooMany });
  const takeIn = createTakeIn(deps);
  const refusals = new WeakMap<IncomingMessage, Refusal>();

  /** Undefined when the event is taken, and only then. */
  const refusalOf = (channel: string, request: IncomingMessage): Promise<Refusal | undefined> =>
    takeIn(channel, request).then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );

  const post: Webhooks["post"] = (request, response, app) => {
    const channel = request.method === "POST" ? ADDRESS.exec(request.url ?? "")?.[1] : undefined;
    if (channel === undefined) return false;
    void refusalOf(channel, request).then((refusal) => {
      if (refusal === undefined) {
        count(deps, channel, response);
        response.writeHead(200, { "X-Content-Type-Options": "nosniff" }).end();
      } else {
        refusals.set(request, refusal);
        app(request, response);
      }
    });
    return true;
  };

  const refuse = async (request: Request, response: Response, problem: Problem) => {
    // A stranger pays for each guess with a new connection.
    close(request, response);
    throw await failures.count(request, response, problem);
  };
  const routes = Router();
  routes
    .route("/:channel")
    .all((request, response, next) => {
      count(deps, channelOf(request), response);
      next();
    })
    .get(async (request, response) => {
      const channel = channelOf(request);
      const door = deps.webhook(channel);
      if (!door) throw notFound("webhook");
      if (!certified(deps, door, channel, request)) return refuse(request, response, uncertified);
      const challenge = door.challenge(queryOf(request));
      if (challenge === undefined) return refuse(request, response, unverified);
      response.type("text/plain").send(challenge);
    })
    .post(async (request, response) => {
      const refusal = refusals.get(request) ?? (await refusalOf(channelOf(request), request));
      if (refusal === undefined) {
        response.status(200).end();
        return;
      }
      const { reason } = refusal;
      if (reason instanceof Unproven) return refuse(request, response, reason.problem);
      if (!request.complete) close(request, response);
      throw reason as Error;
    })
    .all(methodNotAllowed("GET", "POST"));
  return { post, routes };
}

/** Reads on without keeping anything, so that the answer is not lost in a reset; the server's time-out bounds it. */
function close(request: Request, response: Response): void {
  response.set("Connection", "close");
  request.resume();
}

/** Counts the answer; the name of a channel that does not exist is a stranger's text and no label. */
function count(deps: ApiDeps, channel: string, response: ServerResponse): void {
  const label = deps.webhook(channel) ? channel : "unknown";
  response.once("finish", () =>
    deps.metrics.count("webhook_requests", { channel: label, status: String(response.statusCode) }),
  );
}

function channelOf(request: Request): string {
  return String(request.params["channel"]);
}

const unverified = new Problem(403, "problem:refused", "Refused", "The verification does not match.");

const tooMany = new Problem(
  429,
  "problem:too-many-failures",
  "Too many failures",
  "Nothing from this address could be proven lately. What carries a valid signature is still taken.",
  { headers: { "Retry-After": "60" } },
);
