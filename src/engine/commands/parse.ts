import { parseArgs } from "node:util";
import type { Command, Given } from "./command.ts";

/** The command that the first words name, the longest name first, and what follows it. */
export function findCommand(
  commands: readonly Command[],
  argv: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } | undefined {
  const named = commands
    .filter(({ name }) => name.split(" ").every((word, at) => argv[at] === word))
    .sort((a, b) => b.name.length - a.name.length);
  const [command] = named;
  return command && { command, rest: argv.slice(command.name.split(" ").length) };
}

/** What was given to a command, or what is wrong with it. */
export function readGiven(command: Command, argv: readonly string[]): Given | string {
  const { flags = {}, options = {}, words } = command;
  try {
    const known = {
      ...Object.fromEntries(["help", ...Object.keys(flags)].map((flag) => [flag, { type: "boolean" as const }])),
      ...Object.fromEntries(Object.keys(options).map((option) => [option, { type: "string" as const }])),
    };
    const { values, positionals } = parseArgs({ args: [...argv], options: known, allowPositionals: true });
    if ("help" in values) return { words: [], flags: new Set(["help"]), options: {} };
    if (positionals.length > (words?.most ?? 0))
      return `"${String(positionals[words?.most ?? 0])}" is one word too many`;
    if (words && positionals.length < words.least) return `no ${words.name} given`;
    const given = Object.entries(values);
    return {
      words: positionals,
      flags: new Set(given.filter(([, value]) => value === true).map(([name]) => name)),
      options: Object.fromEntries(given.filter((one): one is [string, string] => typeof one[1] === "string")),
    };
  } catch (error) {
    return Error.isError(error) ? error.message : String(error);
  }
}
