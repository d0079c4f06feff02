import type { Request, RequestHandler, Response } from "express";
import { ipKeyGenerator, rateLimit, type RateLimitRequestHandler } from "express-rate-limit";
import type { Problem } from "./problem.ts";

interface FailuresOptions {
  readonly perMinute: number;
  /** What an address is told that has failed more often. */
  readonly tooMany: Problem;
}

/**
 * Counts failures by address. Only failures: who succeeds never competes for the limit, so nobody can use it up for
 * somebody else behind the same address.
 */
export class Failures {
  readonly #limit: RateLimitRequestHandler;
  readonly #options: FailuresOptions;

  constructor(options: FailuresOptions) {
    this.#options = options;
    this.#limit = rateLimit({
      windowMs: 60_000,
      limit: options.perMinute,
      keyGenerator: addressOf,
      standardHeaders: false,
      legacyHeaders: false,
      // Whose X-Forwarded-For is believed is decided by the app's "trust proxy".
      validate: { xForwardedForHeader: false, forwardedHeader: false, trustProxy: false },
      handler: (_request, _response, next) => next(options.tooMany),
    });
  }

  /** Whether the address has used up its failures. */
  async exhausted(request: Request): Promise<boolean> {
    const known = await this.#limit.getKey(addressOf(request));
    return (known?.totalHits ?? 0) >= this.#options.perMinute;
  }

  /** Counts one failure. @returns what to answer: `problem`, or that there were too many */
  async count(request: Request, response: Response, problem: Problem): Promise<unknown> {
    return new Promise((resolve) => {
      void (this.#limit as RequestHandler)(request, response, (error?: unknown) => resolve(error ?? problem));
    });
  }
}

function addressOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? "");
}
