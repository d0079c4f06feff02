/** One comparison of a value of the message with words. */
interface Clause {
  readonly name: string;
  readonly words: readonly string[];
  /** Whether the value has to be one of the words, or none of them. */
  readonly is: boolean;
}

const CLAUSE = /^([a-z_.]+)\s*(!=|=|not in\b|in\b)\s*(.+)$/;

/**
 * `kind = image`, `kind in image, video and case.class != I`: clauses joined by "and"; a value that is absent is "".
 * @returns why it cannot be read instead of its clauses
 */
export function readCondition(text: string): readonly Clause[] | string {
  const clauses: Clause[] = [];
  for (const part of text.split(/\s+and\s+/)) {
    const [, name, operator = "", words = ""] = CLAUSE.exec(part.trim()) ?? [];
    if (name === undefined)
      return `Expected "name = word", "name != word", "name in a, b" or "name not in a, b": ${part}`;
    const is = operator === "=" || operator === "in";
    clauses.push({ name, is, words: words.split(",").map((word) => unquoted(word.trim())) });
  }
  return clauses;
}

export function holds(text: string, valueOf: (name: string) => string): boolean {
  const clauses = readCondition(text);
  if (typeof clauses === "string") return false;
  return clauses.every(({ name, words, is }) => words.includes(valueOf(name)) === is);
}

function unquoted(word: string): string {
  return /^(["'])(.*)\1$/.exec(word)?.[2] ?? word;
}
