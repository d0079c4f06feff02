#!/usr/bin/env -S node --max-old-space-size=1024 --max-semi-space-size=16 --no-parallel-scavenge
import { parseArgs } from "node:util";
import { BotenstoffError } from "#src/message/error-code.ts";
import { COMMANDS, type Command } from "#src/engine/commands.ts";

const OK = 0;
const USED_WRONGLY = 2;

/** Runs one command; resolves with the exit code: 0 fine, 1 found something wrong, 2 used wrongly. */
async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(usage());
    return name === undefined ? USED_WRONGLY : OK;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    process.stderr.write(`botenstoff: no command "${name}"\n\n${usage()}`);
    return USED_WRONGLY;
  }
  const args = readArgs(command, rest);
  if (typeof args === "string") {
    process.stderr.write(`botenstoff ${name}: ${args}\n\n${help(command)}`);
    return USED_WRONGLY;
  }
  if (args.has("help")) {
    process.stdout.write(help(command));
    return OK;
  }
  return command.run(args);
}

/** The flags given, or what is wrong with them. */
function readArgs(command: Command, argv: readonly string[]): ReadonlySet<string> | string {
  try {
    const options = Object.fromEntries(
      ["help", ...Object.keys(command.flags)].map((flag) => [flag, { type: "boolean" as const }]),
    );
    const { values } = parseArgs({ args: [...argv], options, allowPositionals: false });
    return new Set(Object.keys(values));
  } catch (error) {
    return Error.isError(error) ? error.message : String(error);
  }
}

function usage(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `botenstoff <command> [--help]\n\n${lines.join("\n")}\n\nExit codes: 0 fine, 1 found something wrong, 2 used wrongly. Settings come from the environment\n(docs/configuration.md).\n`;
}

function help(command: Command): string {
  const flags = Object.entries({ ...command.flags, help: "this text" });
  const width = Math.max(...flags.map(([flag]) => flag.length));
  const lines = flags.map(([flag, meaning]) => `  --${flag.padEnd(width)}  ${meaning}`);
  return `botenstoff ${command.name}: ${command.summary}\n\n${command.details}\n\n${lines.join("\n")}\n`;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const text =
    error instanceof BotenstoffError ? `${error.code}: ${error.message}\n  ${error.remedy}` : describe(error);
  process.stderr.write(`botenstoff: ${text}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  return Error.isError(error) ? (error.stack ?? error.message) : String(error);
}
