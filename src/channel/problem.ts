import { readFile } from "node:fs/promises";
import { kindOfError } from "#src/message/error-code.ts";

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

/** The text of a file that a person may have left unreadable: a folder, a dangling link, no rights. */
export async function readOrProblem(file: string): Promise<string | Problem> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    return { file, line: 1, column: 1, path: "", message: `cannot be read (${kindOfError(error)})` };
  }
}
