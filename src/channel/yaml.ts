import { isAlias, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { Document } from "yaml";
import type { Path } from "./interpolate.ts";
import { positionOf, type Position } from "./position.ts";
import type { Problem } from "./problem.ts";

/** A YAML file that could be read, and where its parts stand. */
export interface YamlFile {
  readonly document: Document;
  readonly position: (path: Path, atKey?: boolean, offset?: number) => Position;
}

const NO_ALIASES = "Anchors and aliases (&name, *name) are not taken here; write the value out";

/**
 * Parses a YAML file. Anchors and aliases are refused: a few lines of them stand for gigabytes or for themselves, and no
 * file of ours needs them. Whatever else cannot be read is a problem of this file alone.
 */
export function readYaml(file: string, text: string): YamlFile | { readonly problems: Problem[] } {
  const lines = new LineCounter();
  const problem = (message: string, line = 1, column = 1): Problem => ({ file, line, column, path: "", message });
  try {
    const document: Document = parseDocument(text, { lineCounter: lines });
    // What follows the first error of the syntax is made of it.
    const problems = document.errors.slice(0, 1).map(({ message, pos, linePos }) => {
      const [summary = message] = message.split(/ at line \d+|:?\n/);
      return unquotedReference(text, pos[0], problem) ?? problem(summary, linePos?.[0].line, linePos?.[0].col);
    });
    visit(document, (_key, node) => {
      if (!isNode(node) || !(isAlias(node) || node.anchor !== undefined)) return;
      const start = node.range?.[0] ?? 0;
      const sign = isAlias(node) ? start : Math.max(0, text.lastIndexOf("&", start));
      const { line, col } = lines.linePos(sign);
      problems.push(problem(NO_ALIASES, Math.max(line, 1), Math.max(col, 1)));
    });
    if (problems.length > 0) return { problems };
    const position: YamlFile["position"] = (path, atKey, offset = 0) => {
      const at = positionOf(document.contents, path, lines, atKey);
      const node = document.getIn(path, true);
      const [start, end] = isScalar(node) && node.range ? node.range : [0, 0];
      const written = text.slice(start, end);
      // A place in a value is a place in the file where the value stands as it is, or between two quotes.
      const shift = written === textOf(node) ? 0 : written.slice(1, -1) === textOf(node) ? 1 : undefined;
      return shift === undefined || offset === 0 ? at : { ...at, column: at.column + shift + offset };
    };
    return { document, position };
  } catch (error) {
    // Nested too deep for the parser's stack.
    return { problems: [problem(`cannot be read as YAML (${Error.isError(error) ? error.name : "unknown error"})`)] };
  }
}

function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === "string" && !node.value.includes("\n") ? node.value : undefined;
}

const REFERENCE_IN_FLOW = /[{,[][^"'#]*?(\$\{[^}]*\})/;

/** `{ port: ${PORT} }`: between braces a reference looks like another pair of them, unless it is quoted. */
function unquotedReference(
  text: string,
  offset: number,
  problem: (message: string, line: number, column: number) => Problem,
): Problem | undefined {
  const before = text.slice(0, offset).split("\n");
  const line = before.length;
  const found = REFERENCE_IN_FLOW.exec(text.split("\n")[line - 1] ?? "");
  const [whole, reference = ""] = found ?? [];
  if (whole === undefined || found === null) return undefined;
  const column = found.index + whole.length - reference.length + 1;
  return problem(`Quote it: "${reference}" (between { } or [ ] an unquoted \${…} is taken for YAML)`, line, column);
}
