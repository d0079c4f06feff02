import type { Atom, AtomContext, TypedValue } from "@medplum/core";
import { partsOf } from "./check.ts";

/** Steps of one evaluation: a part of the expression at one element is one. Honest ones take a few hundred. */
const MOST_STEPS = 1_000_000;
/** What any part of it may look at or find. A message with more of anything is not one that people write. */
const MOST_ELEMENTS = 2_000;
/** Some functions compare every element with every other one (`distinct()`, `|`), so many in what costs one step. */
const COMPARED_AT_ONCE = 64;

/** How much of what an expression may cost is left. */
export interface Budget {
  /** Called before each evaluation. */
  begin(): void;
}

/** An expression costs more on this message than any may: nested functions over many elements. */
export class TooCostly extends Error {
  override readonly name = "TooCostly";
}

/**
 * Counts what evaluating an expression costs, and ends it where that is too much: the expression is the engineer's, how many
 * elements there are is a stranger's. Patterns run in linear time already (linear.ts).
 */
export function withBudget(atom: Atom): Budget {
  let left = MOST_STEPS;
  const spend = (elements: number) => {
    left -= 1 + elements + (elements * elements) / COMPARED_AT_ONCE;
    if (elements > MOST_ELEMENTS) throw new TooCostly(`more than ${MOST_ELEMENTS} elements`);
    if (left < 0) throw new TooCostly(`more than ${MOST_STEPS} steps`);
  };
  counted(atom, spend);
  return { begin: () => void (left = MOST_STEPS) };
}

function counted(atom: Atom, spend: (elements: number) => void): void {
  for (const part of partsOf(atom)) counted(part, spend);
  const evaluate = atom.eval.bind(atom);
  atom.eval = (context: AtomContext, input: TypedValue[]): TypedValue[] => {
    spend(input.length);
    const output = evaluate(context, input);
    spend(output.length);
    return output;
  };
}
