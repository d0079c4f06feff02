/** Something wrong with a channel file, at a place an editor can jump to. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Where in the channel: "destinations.0.port"; "" for the file itself. */
  readonly path: string;
  readonly message: string;
  /** What to do about it, where the message does not say it already. */
  readonly remedy?: string;
}

/** `channels/x.yaml:5:11 destinations.0.prot: Unrecognized key`. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === "" ? "" : `${problem.path}: `;
  const remedy = problem.remedy === undefined ? "" : ` (${problem.remedy})`;
  return `${problem.file}:${problem.line}:${problem.column} ${path}${problem.message}${remedy}`;
}
