import { FunctionAtom, LiteralAtom, type Atom, type AtomContext, type TypedValue } from "@medplum/core";
import { RE2JS } from "re2js";
import { partsOf, PATTERNS } from "./check.ts";
import { PathFault } from "./parse.ts";

/**
 * Puts patterns that take time in proportion to the text in place of JavaScript's, which some texts keep busy for ever:
 * the text is a stranger's. They know no look-around and no back references, and say so here.
 * @throws PathFault
 */
export function withLinearPatterns(atom: Atom): void {
  for (const part of partsOf(atom)) withLinearPatterns(part);
  if (atom instanceof FunctionAtom && PATTERNS.has(atom.name)) {
    atom.eval = linear(atom);
  }
}

function linear({ name, args }: FunctionAtom): FunctionAtom["eval"] {
  const [pattern, replacement] = args;
  const text = pattern instanceof LiteralAtom ? String(pattern.value.value) : "";
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(text);
  } catch (error) {
    throw new PathFault(`The pattern is not taken: ${Error.isError(error) ? error.message : "unknown"}`, 0);
  }
  return (context, input) => {
    const [value] = input;
    if (typeof value?.value !== "string") return [];
    if (name === "matches") return [truth(compiled.matcher(value.value).find())];
    if (name === "matchesFull") return [truth(compiled.matcher(value.value).matches())];
    return [{ type: "string", value: replaced(compiled, value.value, context, input, replacement) }];
  };
}

function replaced(
  pattern: RE2JS,
  text: string,
  context: AtomContext,
  input: TypedValue[],
  replacement: Atom | undefined,
): string {
  const by: unknown = replacement?.eval(context, input)[0]?.value;
  return pattern.matcher(text).replaceAll(typeof by === "string" ? by : "");
}

function truth(value: boolean): TypedValue {
  return { type: "boolean", value };
}
