import { evalFhirPathTyped, FhirPathAtom, toTypedValue } from "@medplum/core";
import { withBudget } from "./budget.ts";
import { checkPaths, looksAtSomething } from "./check.ts";
import { withLinearPatterns } from "./linear.ts";
import { parseWhole, PathFault } from "./parse.ts";
import { FILED } from "./shape.ts";

/** Whether something is so of a message that is filed, and of whom it is filed to. */
export type Condition = (filed: object) => boolean;

/** Compiled ones, by their text; texts come from the profiles of a hospital, so there are few. */
const compiled = new Map<string, Condition>();
const MOST_COMPILED = 1_000;

/**
 * Compiles a FHIRPath expression over a message with its `patient`, `case` and `trigger`. What is false or empty does not
 * hold; nor does it know the time, so that a repeat is decided like the first.
 * @throws PathFault
 */
export function compileCondition(expression: string): Condition {
  const known = compiled.get(expression);
  if (known) return known;
  const condition = compile(expression);
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(expression, condition);
  return condition;
}

function compile(expression: string): Condition {
  const parsed = parseWhole(expression);
  checkPaths(parsed, FILED);
  if (!looksAtSomething(parsed.atom)) throw new PathFault("It is the same for every message", 0);
  if (parsed.tokens.some(({ value }) => CLOCK.has(value))) throw new PathFault("A condition knows no time", 0);
  withLinearPatterns(parsed.atom);
  const budget = withBudget(parsed.atom);
  const atom = new FhirPathAtom(expression, parsed.atom);
  const condition: Condition = (filed) => {
    budget.begin();
    const [result, ...more] = evalFhirPathTyped(atom, [toTypedValue(filed)], {});
    const value: unknown = result?.value;
    if (more.length > 0 || (value !== undefined && typeof value !== "boolean")) {
      throw new PathFault("Its result is not true or false", 0);
    }
    return value === true;
  };
  prove(condition);
  return condition;
}

const CLOCK: ReadonlySet<string> = new Set(["now", "today", "timeOfDay"]);

/** What parsing does not say: that every function exists and the result is a truth value. */
function prove(condition: Condition): void {
  try {
    condition({ content: { kind: "text", text: "text" }, attachments: [], trigger: "T02" });
  } catch (error) {
    throw new PathFault(Error.isError(error) ? error.message : String(error), 0);
  }
}
