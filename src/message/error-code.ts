import { ACCESS_ERRORS } from "./errors/access.ts";
import { START_ERRORS } from "./errors/start.ts";
import { STORE_ERRORS } from "./errors/store.ts";
import { SEAL_ERRORS } from "./errors/seal.ts";
import { SOURCE_ERRORS } from "./errors/sources.ts";
import { DESTINATION_ERRORS } from "./errors/destinations.ts";
import { HL7_IN_ERRORS } from "./errors/hl7-in.ts";
import type { ErrorEntry, FailureClass } from "./errors/entry.ts";

export type { FailureClass };

/** The closed list of everything that can go wrong. docs/errors.md is tested against it. */
export const ERRORS = {
  ...START_ERRORS,
  ...STORE_ERRORS,
  ...SEAL_ERRORS,
  ...SOURCE_ERRORS,
  ...DESTINATION_ERRORS,
  ...HL7_IN_ERRORS,
  ...ACCESS_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** What the other side told us. */
interface Heard {
  readonly retryAfterMs?: number;
  readonly said?: string;
}

/**
 * The one error class of the engine. `message` is a gerund phrase ("delivering to archive: no ACK after 30 s") and
 * never carries personal data: ids only.
 */
export class BotenstoffError extends Error {
  override readonly name = "BotenstoffError";
  readonly code: ErrorCode;

  /** How long the other side asks us to wait before we try again. */
  readonly retryAfterMs: number | undefined;

  /** The other side's own words. They may be personal: kept sealed, shown to who may see content, and in no log. */
  readonly said: string | undefined;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & Heard) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
    this.said = options?.said ?? saidBy(options?.cause);
  }

  get class(): FailureClass {
    return ERRORS[this.code].class;
  }

  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}

function saidBy(cause: unknown): string | undefined {
  return cause instanceof BotenstoffError ? cause.said : undefined;
}

/** What may be logged of any error: our code, PostgreSQL's or Node's code, or its class. Its text may be personal. */
export function kindOfError(error: unknown): string {
  if (!Error.isError(error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
