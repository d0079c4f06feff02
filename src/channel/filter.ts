import { evalFhirPathTyped, parseFhirPath, toTypedValue } from "@medplum/core";
import type { Message } from "#src/message/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";

/** A channel's filter, ready to use. */
export interface Filter {
  readonly expression: string;
  /** Whether the message goes on; false and empty do not. Throws BotenstoffError CONFIG_INVALID when it cannot be evaluated. */
  passes(message: Message): boolean;
}

/** Proves at lint time what parsing alone does not: that every function exists and the result is a truth value. */
const SAMPLE: Message = {
  id: "00000000-0000-5000-8000-000000000000",
  channel: "sample",
  externalId: "sample",
  content: { kind: "text", text: "sample" },
  sender: { phone: "4915112345678", userId: "DE.1", displayName: "sample" },
  conversation: "sample",
  sentAt: "2026-01-01T00:00:00.000Z",
  receivedAt: "2026-01-01T00:00:00.000Z",
  attachments: [],
  raw: {},
};

/**
 * Compiles a FHIRPath expression over the canonical message, e.g. `content.kind = 'text'`. `raw` is not visible: a
 * filter that reads a provider's own members would break with the provider's next release.
 * @throws BotenstoffError CONFIG_INVALID when the expression does not parse or is no condition
 */
export function compileFilter(expression: string): Filter {
  let atom: ReturnType<typeof parseFhirPath>;
  try {
    atom = parseFhirPath(expression);
  } catch (error) {
    throw new BotenstoffError("CONFIG_INVALID", `reading the filter: ${reason(error)}`, { cause: error });
  }
  const filter: Filter = {
    expression,
    passes(message) {
      const { raw: _raw, ...visible } = message;
      const [result, ...more] = evaluate(atom, visible);
      if (more.length > 0 || (result !== undefined && typeof result !== "boolean")) {
        throw new BotenstoffError("CONFIG_INVALID", "filtering: the expression's result is not true or false");
      }
      return result === true;
    },
  };
  filter.passes(SAMPLE);
  return filter;
}

function evaluate(atom: ReturnType<typeof parseFhirPath>, message: object): unknown[] {
  try {
    return evalFhirPathTyped(atom, [toTypedValue(message)]).map((item) => item.value as unknown);
  } catch (error) {
    // The cause may quote the message, so it stays behind.
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `filtering: the expression fails (${Error.isError(error) ? error.name : "error"})`,
    );
  }
}

function reason(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}
