import { createInterface } from "node:readline/promises";
import { TYPED_KINDS, type Typed } from "#src/identity/typed.ts";

export const TYPED_DETAILS =
  "Asks the engine at BOTENSTOFF_URL with BOTENSTOFF_API_TOKEN: a token of your own, with the role clerk or approver.\n" +
  "Identifiers are read from standard input, never from the command line: one a line, kind and value; kinds are\n" +
  TYPED_KINDS.join(", ") +
  ".";

/** Identifiers as people type them, or a program pipes them. */
export async function readTyped(count: number): Promise<Typed[]> {
  const asked = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, ...(asked && { output: process.stderr }) });
  const typed: Typed[] = [];
  try {
    if (asked) lines.setPrompt(`identifier (${TYPED_KINDS.join(", ")}) and value: `);
    if (asked) lines.prompt();
    for await (const line of lines) {
      const [kind = "", ...value] = line.trim().split(/\s+/);
      if (kind !== "") typed.push({ kind: kind as Typed["kind"], value: value.join(" ") });
      if (typed.length === count) break;
      if (asked) lines.prompt();
    }
  } finally {
    lines.close();
  }
  return typed;
}
