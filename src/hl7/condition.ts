import { compileCondition } from "#src/message/path/condition.ts";

/** One comparison of a value of the message with words. */
interface Clause {
  readonly name: string;
  readonly words: readonly string[];
  /** Whether the value has to be one of the words, or none of them. */
  readonly is: boolean;
}

/** What a condition looks at: values by their names, and all there is for FHIRPath. */
export interface Looked {
  readonly valueOf: (name: string) => string;
  readonly filed: object;
}

const CLAUSE = /^([a-z_.]+)\s*(!=|=|not in\b|in\b)\s*(.+)$/;

/**
 * What a condition says: `kind = image`, `kind in image, video and case.class != I`, clauses joined by "and" over known
 * names, a value that is absent being ""; or else FHIRPath, `attachments.count() > 1`.
 * @throws PathFault, in which it says what is wrong with it as FHIRPath
 */
export function readCondition(text: string, isName: (name: string) => boolean): (looked: Looked) => boolean {
  const clauses = clausesOf(text);
  if (clauses?.every(({ name }) => isName(name))) {
    return ({ valueOf }) => clauses.every(({ name, words, is }) => words.includes(valueOf(name)) === is);
  }
  const condition = compileCondition(text);
  return ({ filed }) => condition(filed);
}

function clausesOf(text: string): readonly Clause[] | undefined {
  const clauses: Clause[] = [];
  for (const part of text.split(/\s+and\s+/)) {
    const [, name, operator = "", words = ""] = CLAUSE.exec(part.trim()) ?? [];
    if (name === undefined) return undefined;
    const is = operator === "=" || operator === "in";
    clauses.push({ name, is, words: words.split(",").map((word) => unquoted(word.trim())) });
  }
  return clauses;
}

function unquoted(word: string): string {
  return /^(["'])(.*)\1$/.exec(word)?.[2] ?? word;
}
