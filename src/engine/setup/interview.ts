import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Ask } from "./answers.ts";

/** Asks at the terminal; what is secret is not shown while it is typed. */
export function openInterview(): { readonly ask: Ask; agree(question: string): Promise<boolean>; close(): void } {
  let hidden = false;
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!hidden) process.stdout.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const answer = async (prompt: string, secret: boolean) => {
    process.stdout.write(prompt);
    hidden = secret;
    try {
      return await lines.question("");
    } finally {
      hidden = false;
      if (secret) process.stdout.write("\n");
    }
  };
  return {
    ask: ({ ask, secret }, byDefault, wrong) => {
      if (wrong !== undefined) process.stdout.write(`  ${wrong}\n`);
      const shown = secret && !SHOWN.has(byDefault) ? "as it is" : byDefault;
      return answer(`${ask} [${shown}]: `, secret === true);
    },
    agree: async (question) => /^(?:$|y|yes|j|ja)$/i.test((await answer(`${question} [yes]: `, false)).trim()),
    close: () => lines.close(),
  };
}

/** Defaults of secrets that tell nothing. */
const SHOWN = new Set(["later", "none", "embedded"]);
