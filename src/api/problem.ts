import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { z } from "zod";
import { BotenstoffError, ERRORS } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";

/** RFC 9457. Nothing in it is taken from the request, which may carry personal data. */
export const problemSchema = z.strictObject({
  type: z.string().describe("Names the kind of problem: urn:botenstoff:problem:<kind> or urn:botenstoff:error:<code>."),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe("What to do about it."),
  errors: z
    .array(z.strictObject({ parameter: z.string(), reason: z.string() }))
    .optional()
    .describe("The query parameters at fault."),
});

export type ProblemBody = z.infer<typeof problemSchema>;

interface ProblemOptions {
  readonly errors?: ProblemBody["errors"];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer other than the wanted one, thrown by handlers. */
export class Problem extends Error {
  readonly body: ProblemBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, type: string, title: string, detail: string, options: ProblemOptions = {}) {
    super(title);
    const { errors, headers = {} } = options;
    this.body = { type: `urn:botenstoff:${type}`, title, status, detail, ...(errors && { errors }) };
    this.headers = headers;
  }
}

/** Seconds after which a caller should try again what failed for now. */
const RETRY_AFTER_S = "5";

/** The engine cannot do it now, and nothing happened. */
export function unavailable(detail: string): Problem {
  return new Problem(503, "problem:unavailable", "Not possible now", detail, {
    headers: { "Retry-After": RETRY_AFTER_S },
  });
}

export function notFound(what: string): Problem {
  return new Problem(404, "problem:not-found", "Not found", `There is no such ${what}.`);
}

/** @returns 400 that names the members at fault and says nothing of what was sent */
export function invalidBody(error: z.ZodError): Problem {
  const errors = error.issues.map((issue) => ({
    parameter: String(issue.path[0] ?? "body"),
    // Zod would quote the member's name, which may be personal.
    reason:
      issue.code === "unrecognized_keys" ? "A member the description of this address does not name" : issue.message,
  }));
  return new Problem(400, "problem:invalid-body", "Invalid body", "Correct the members named in errors.", { errors });
}

/** Whoever asks is known, and may not. */
export const forbidden = new Problem(403, "problem:forbidden", "Not allowed", "None of your roles allows it.");

/** A decision of two persons is none of machines. */
export const personsOnly = new Problem(403, "problem:persons-only", "Persons only", "Sign in; a token cannot do this.");

/** Whoever asks must prove anew who he is (RFC 9470). */
export function stepUp(maxAgeSeconds: number): Problem {
  const challenge = `Bearer realm="botenstoff", error="insufficient_user_authentication", max_age="${maxAgeSeconds}"`;
  return new Problem(401, "problem:step-up", "Sign in again", "This action asks for a fresh proof of identity.", {
    headers: { "WWW-Authenticate": challenge },
  });
}

export function tooLarge(): Problem {
  return new Problem(413, "problem:too-large", "Too large", "The body is larger than this address takes.");
}

/** Answers every method the handlers before it did not take. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  const headers = { Allow: allowed.join(", ") };
  return () => {
    throw new Problem(405, "problem:method-not-allowed", "Method not allowed", `Allowed: ${headers.Allow}.`, {
      headers,
    });
  };
}

/** The last handler: turns whatever was thrown into a problem; logs what nobody expected, by name only. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent || request.errored) {
      // Half an answer cannot be taken back; a broken connection tells the caller not to trust it, or he broke it himself.
      response.destroy();
      next();
      return;
    }
    const problem = problemOf(error);
    if (problem !== error && problem.body.status >= 500)
      log("error", "http.failed", { status: problem.body.status, error: nameOf(error) });
    sendProblem(response, problem);
  };
}

export function sendProblem(response: Response, { body, headers }: Problem): void {
  response.status(body.status).set(headers).type("application/problem+json").send(JSON.stringify(body));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof BotenstoffError) return engineProblem(error);
  const status = clientErrorStatus(error);
  if (status === 413) return tooLarge();
  if (status === 415) return new Problem(415, "problem:encoding", "Encoding not taken", "Send the body uncompressed.");
  if (status !== undefined)
    return new Problem(status, "problem:bad-request", "Bad request", "The request cannot be read.");
  return new Problem(500, "problem:internal", "Internal error", "The log names the error; nothing was changed half.");
}

/** Meaning and remedy come from the closed list; the error's own sentence stays inside. */
function engineProblem(error: BotenstoffError): Problem {
  const { meaning, remedy } = ERRORS[error.code];
  const transient = error.class === "transient";
  const headers = transient ? { "Retry-After": RETRY_AFTER_S } : {};
  return new Problem(transient ? 503 : 500, `error:${error.code}`, meaning, remedy, { headers });
}

/** Status of the errors express and its body parser throw for bad requests. */
function clientErrorStatus(error: unknown): number | undefined {
  if (!Error.isError(error) || !("status" in error) || typeof error.status !== "number") return undefined;
  return error.status >= 400 && error.status < 500 ? error.status : undefined;
}

/** What a log may say of an error: its code or its class, never its sentence. */
export function nameOf(error: unknown): string {
  if (error instanceof BotenstoffError) return error.code;
  return Error.isError(error) ? error.name : "unknown";
}
