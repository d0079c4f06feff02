import { BotenstoffError } from "#src/message/error-code.ts";

/** PostgreSQL's classes for "the server is not there (any more)": connection exception, operator intervention, too many. */
const UNAVAILABLE = /^(08...|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT)$/;
const DISK_FULL = /^(53100|ENOSPC)$/;
/** Errors of pg itself carry no code. */
const CONNECTION_TEXT =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|cannot use a pool after calling end/i;

/** Turns a driver's error into one of ours where it means the whole store; leaves programming errors as they are. */
export function storeError(error: unknown): unknown {
  if (!Error.isError(error) || error instanceof BotenstoffError) return error;
  const code = "code" in error ? String(error.code) : "";
  if (DISK_FULL.test(code))
    return new BotenstoffError("STORE_FULL", "writing to PostgreSQL: no space left", { cause: error });
  if (UNAVAILABLE.test(code) || CONNECTION_TEXT.test(error.message)) {
    return new BotenstoffError("STORE_UNAVAILABLE", "talking to PostgreSQL: no connection", { cause: error });
  }
  return error;
}

/**
 * PostgreSQL's classes for "not this": cardinality, data, integrity, limits of the program; and Node's for arguments it does not
 * take.
 */
const NOT_THIS = /^((21|22|23|54)...|ERR_.*)$/;

/** Whether an error comes of what was to be worked on, and not of where: to repeat the same would most likely fail again. */
export function isAboutData(error: unknown): boolean {
  if (error instanceof BotenstoffError) return error.class === "permanent";
  if (!Error.isError(error)) return true;
  if ("code" in error) return NOT_THIS.test(String(error.code));
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
