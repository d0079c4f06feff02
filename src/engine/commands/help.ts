import type { Command } from "./command.ts";

/** What `botenstoff --help` prints. */
export function usage(commands: readonly Command[]): string {
  const lines = columns(commands.map(({ name, summary }) => [name, summary]));
  return `botenstoff <command> [--help]

${lines}

botenstoff --version says which one this is. Exit codes: 0 fine, 1 found something wrong, 2 used wrongly.
Settings come from the environment (docs/configuration.md).
`;
}

/** What `botenstoff <command> --help` prints. */
export function help({ name, summary, details, words, options = {}, flags = {} }: Command): string {
  const lines = columns([
    ...Object.entries(options).map(([option, meaning]) => [`--${option} <value>`, meaning] as const),
    ...Object.entries({ ...flags, help: "this text" }).map(([flag, meaning]) => [`--${flag}`, meaning] as const),
  ]);
  const following = words
    ? ` ${words.least > 0 ? `<${words.name}>` : `[${words.name}${words.most > 1 ? " …" : ""}]`}`
    : "";
  return `botenstoff ${name}: ${summary}\n\nbotenstoff ${name}${following}\n\n${details}\n\n${lines}\n`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
