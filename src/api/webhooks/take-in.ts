import { Episodes, QUIET_MS, type Episode } from "#src/telemetry/episodes.ts";
import type { IncomingMessage } from "node:http";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { WebhookRequest } from "#src/sources/source.ts";
import { readBody } from "./body.ts";
import type { ApiDeps, WebhookDoor } from "../deps.ts";
import { nameOf, notFound, Problem, unavailable } from "../problem.ts";
import { Room } from "./room.ts";

/** Meta sends at most 3 MB. */
const LIMIT_BYTES = 3 * 1024 * 1024;

/** Thrown at somebody who has proven nothing: his failures are counted. */
export class Unproven extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/**
 * Takes in what a provider posts; resolves once it is durable. In this order: the client certificate where the channel
 * asks for one, the size, the signature over the bytes as sent, and only then anything in them.
 * @throws Unproven; Problem 404, 413, 415, 503; the stream's own error when the sender breaks off
 */
export type TakeIn = (channel: string, request: IncomingMessage) => Promise<void>;

export function createTakeIn(deps: ApiDeps): TakeIn {
  const room = new Room(deps);
  const tellRejected = tellingRejected(deps);
  return async (channel, request) => {
    const door = deps.webhook(channel);
    if (!door) throw notFound("webhook");
    if (!certified(deps, door, channel, request)) {
      tellRejected(channel, "certificate");
      throw new Unproven(uncertified);
    }
    const received = { ...told(deps, request), raw: await bodyOf(deps, request) };
    const proven = door.authenticate(received);
    deps.connections.judged(request.socket, proven);
    if (!proven) {
      deps.metrics.count("signature_failures", { channel });
      tellRejected(channel, "signature");
      throw new Unproven(unsigned);
    }
    await room.hold(received.raw.length, () => store(deps, door, channel, received));
  };
}

/** Whether the client certificate is there that the channel may ask for. */
export function certified(deps: ApiDeps, door: WebhookDoor, channel: string, request: IncomingMessage): boolean {
  if (door.clientName === undefined || deps.clients.certificateName(request) === door.clientName) return true;
  deps.metrics.count("certificate_failures", { channel });
  return false;
}

/** Says once when webhooks of a channel begin to be refused, and once when that is over. */
function tellingRejected({ log }: Pick<ApiDeps, "log">) {
  const episodes = new Episodes(QUIET_MS);
  return (channel: string, reason: "signature" | "certificate") => {
    const over = ({ count }: Episode) => log("info", "webhook.rejections_over", { channel, reason, count });
    if (episodes.happened(`${channel} ${reason}`, over)) log("warn", "webhook.rejected", { channel, reason });
  };
}

async function bodyOf(deps: ApiDeps, request: IncomingMessage): Promise<Buffer> {
  try {
    return await readBody(request, LIMIT_BYTES, (bytes) => deps.connections.received(request.socket, bytes));
  } catch (error) {
    deps.connections.judged(request.socket, false);
    throw error;
  }
}

async function store(deps: ApiDeps, door: WebhookDoor, channel: string, received: WebhookRequest): Promise<void> {
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
function told({ clients }: ApiDeps, request: IncomingMessage): Omit<WebhookRequest, "raw"> {
  const certificateName = clients.certificateName(request);
  return {
    headers: request.headers,
    query: queryOf(request),
    ...(certificateName !== undefined && { certificateName }),
  };
}

export function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  const start = url.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : url.slice(start + 1));
}

export const uncertified = new Problem(
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
