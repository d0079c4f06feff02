import {
  evalFhirPathTyped,
  FhirPathAtom,
  FunctionAtom,
  SymbolAtom,
  toTypedValue,
  type Atom,
  type TypedValue,
} from "@medplum/core";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { MessageKind } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";
import { withBudget, type Budget } from "#src/message/path/budget.ts";
import { checkPaths, looksAtSomething, partsOf } from "#src/message/path/check.ts";
import { withLinearPatterns } from "#src/message/path/linear.ts";
import { PathFault, parseWhole } from "#src/message/path/parse.ts";
import { wallTime, type Calendar, type WallTime } from "./calendar.ts";

/** A channel's filter, ready to use. */
export interface Filter {
  readonly expression: string;
  /** Whether the message goes on; false and empty do not. Throws BotenstoffError CONFIG_INVALID when it cannot be evaluated. */
  passes(message: Message): boolean;
}

export const CALENDAR: Calendar = { timeZone: "Europe/Berlin", holidays: [] };

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

const KINDS: Readonly<Record<MessageKind, true>> = {
  text: true,
  image: true,
  audio: true,
  video: true,
  document: true,
  sticker: true,
  location: true,
  contacts: true,
  choice: true,
  reaction: true,
  order: true,
  note: true,
  edit: true,
  revoke: true,
  call: true,
  hl7: true,
  unknown: true,
};

/**
 * Compiles a FHIRPath expression over the canonical message, e.g. `content.kind = 'text'`. `raw` is not visible: a
 * filter that reads a provider's own members would break with the provider's next release. The time is when the message
 * came in, on the channel's clock, so that the same message is decided on in the same way whenever that is.
 * @throws PathFault when the expression does not parse, names what is not there, or is no condition
 */
export function compileFilter(expression: string, calendar: Calendar = CALENDAR): Filter {
  const parsed = parseWhole(expression);
  const paths = checkPaths(parsed);
  withLinearPatterns(parsed.atom);
  const clock: Clock = { now: undefined };
  onTheChannelsClock(parsed.atom, clock);
  const budget = withBudget(parsed.atom);
  const atom = new FhirPathAtom(expression, parsed.atom);
  const filter: Filter = {
    expression,
    passes(message) {
      const { raw: _raw, ...visible } = message;
      clock.now = { ...wallTime(message.receivedAt, calendar), instant: message.receivedAt };
      const [result, ...more] = evaluate(atom, budget, visible, clock.now);
      if (more.length > 0 || (result !== undefined && typeof result !== "boolean")) {
        throw new BotenstoffError("CONFIG_INVALID", "filtering: the expression's result is not true or false");
      }
      return result === true;
    },
  };
  prove(filter, parsed.atom, paths);
  return filter;
}

function prove(filter: Filter, atom: Atom, paths: ReadonlySet<string>): void {
  try {
    filter.passes(SAMPLE);
  } catch (error) {
    throw new PathFault(Error.isError(error) ? error.message : String(error), 0);
  }
  if (!looksAtSomething(atom)) throw new PathFault("It is the same for every message", 0);
  if ([...paths].some((path) => path !== "content" && path !== "content.kind") || usesClock(atom)) return;
  const outcomes = Object.keys(KINDS).map((kind) => {
    return filter.passes({ ...SAMPLE, content: { ...SAMPLE.content, kind } as Message["content"] });
  });
  if (new Set(outcomes).size > 1) return;
  const kinds = Object.keys(KINDS).join(", ");
  throw new PathFault(`It is ${String(outcomes[0])} for every kind of message there is: ${kinds}`, 0);
}

interface Clock {
  now: (WallTime & { readonly instant: string }) | undefined;
}

const OF_CLOCK: Readonly<Record<string, (now: NonNullable<Clock["now"]>) => TypedValue>> = {
  now: ({ instant }) => ({ type: "dateTime", value: instant }),
  today: ({ date }) => ({ type: "date", value: date }),
  timeOfDay: ({ time }) => ({ type: "time", value: time }),
};

/** The functions of the language's that tell the time tell the channel's. */
function onTheChannelsClock(atom: Atom, clock: Clock): void {
  for (const part of partsOf(atom)) onTheChannelsClock(part, clock);
  const tell = atom instanceof FunctionAtom ? OF_CLOCK[atom.name] : undefined;
  if (tell) atom.eval = () => (clock.now ? [tell(clock.now)] : []);
}

function usesClock(atom: Atom): boolean {
  if (atom instanceof FunctionAtom && atom.name in OF_CLOCK) return true;
  if (atom instanceof SymbolAtom && atom.name.startsWith("%")) return true;
  return partsOf(atom).some(usesClock);
}

function evaluate(
  atom: FhirPathAtom,
  budget: Budget,
  message: object,
  { weekday, time, date, holiday }: WallTime,
): unknown[] {
  const variables: Record<string, TypedValue> = {
    "%weekday": { type: "integer", value: weekday },
    "%time": { type: "string", value: time },
    "%date": { type: "string", value: date },
    "%holiday": { type: "boolean", value: holiday },
  };
  budget.begin();
  try {
    return evalFhirPathTyped(atom, [toTypedValue(message)], variables).map((item) => item.value as unknown);
  } catch (error) {
    // The cause may quote the message, so it stays behind.
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `filtering: the expression fails (${Error.isError(error) ? error.name : "error"})`,
    );
  }
}
