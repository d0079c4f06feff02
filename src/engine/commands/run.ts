import { BotenstoffError } from "#src/message/error-code.ts";
import type { Command } from "./command.ts";
import { help, usage } from "./help.ts";
import { findCommand, readGiven } from "./parse.ts";
import { engineVersion } from "./version.ts";

const OK = 0;
const FOUND_WRONG = 1;
const USED_WRONGLY = 2;
/** Commands that begin with so many letters of what was typed may be what was meant. */
const ALIKE = 3;

/** Runs one command; resolves with the exit code: 0 fine, 1 found something wrong, 2 used wrongly. */
export async function runCommand(commands: readonly Command[], argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    process.stdout.write(usage(commands));
    return first === undefined ? USED_WRONGLY : OK;
  }
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${await engineVersion()}\n`);
    return OK;
  }
  const found = findCommand(commands, argv);
  if (!found) {
    const [same, like] = [`${first} `, first.slice(0, ALIKE)].map((begin) =>
      commands.filter(({ name }) => name.startsWith(begin)),
    );
    const alike = same?.length ? same : (like ?? []);
    process.stderr.write(`botenstoff: no command "${argv.join(" ")}"\n\n${usage(alike.length > 0 ? alike : commands)}`);
    return USED_WRONGLY;
  }
  const given = readGiven(found.command, found.rest);
  if (typeof given === "string") {
    process.stderr.write(`botenstoff ${found.command.name}: ${given}\n\n${help(found.command)}`);
    return USED_WRONGLY;
  }
  if (given.flags.has("help")) {
    process.stdout.write(help(found.command));
    return OK;
  }
  try {
    return await found.command.run(given);
  } catch (error) {
    process.stderr.write(`botenstoff: ${describe(error)}\n`);
    return FOUND_WRONG;
  }
}

function describe(error: unknown): string {
  if (error instanceof BotenstoffError) return `${error.code}: ${error.message}\n  ${error.remedy}`;
  return Error.isError(error) ? (error.stack ?? error.message) : String(error);
}
