import { initFhirPathParserBuilder, Tokenizer, type Atom, type Token } from "@medplum/core";

/** Something wrong with an expression, at a place of it. */
export class PathFault extends Error {
  override readonly name = "PathFault";
  /** From 0, in characters of the expression. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export interface Parsed {
  readonly atom: Atom;
  readonly tokens: readonly Token[];
}

const KEYWORDS = ["true", "false"];
const OPERATORS = ["!=", "!~", "<=", ">=", "{}", "->"];
const QUOTES = new Set(["'", '"', "`"]);

/** Parses the whole of an expression: what is left over at its end is a fault like any other. @throws PathFault */
export function parseWhole(expression: string): Parsed {
  const tokens = tokenize(expression).filter(({ id }) => id !== "Comment");
  const parser = initFhirPathParserBuilder().construct([...tokens]);
  const here = () => parser.peek()?.index ?? expression.trimEnd().length;
  let atom: Atom;
  try {
    atom = parser.consumeAndParse();
  } catch (error) {
    throw new PathFault(Error.isError(error) ? error.message : "does not parse", here());
  }
  const rest = parser.peek();
  if (rest) throw new PathFault(`"${rest.value}" follows where the expression has ended`, rest.index);
  return { atom, tokens };
}

function tokenize(expression: string): Token[] {
  let tokens: Token[];
  try {
    tokens = new Tokenizer(expression, KEYWORDS, OPERATORS).tokenize();
  } catch (error) {
    throw new PathFault(Error.isError(error) ? error.message : "does not parse", 0);
  }
  for (const { index } of tokens) {
    const quote = expression[index] ?? "";
    if (QUOTES.has(quote) && !isClosed(expression, index + 1, quote)) throw new PathFault("A text has no end", index);
    if (expression.startsWith("/*", index) && !expression.includes("*/", index + 2)) {
      throw new PathFault("A comment has no end", index);
    }
  }
  return tokens;
}

function isClosed(expression: string, from: number, quote: string): boolean {
  for (let at = from; at < expression.length; at += 1) {
    if (expression[at] === "\\") at += 1;
    else if (expression[at] === quote) return true;
  }
  return false;
}
