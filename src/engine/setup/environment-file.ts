import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";

/** The files of a folder made by setup that hold settings, as systemd, Docker and a shell read them; the later one wins. */
export const ENVIRONMENT_FILES = { plain: "environment", secret: join("secrets", "environment") } as const;

export type Values = Readonly<Record<string, string>>;

/**
 * What the two files say together; a file that is not there says nothing.
 * @throws BotenstoffError CONFIG_INVALID where one cannot be read
 */
export function environmentOf(folder: string): Values {
  return { ...valuesIn(folder, "plain"), ...valuesIn(folder, "secret") };
}

/** What one of the two says. @throws BotenstoffError CONFIG_INVALID where it cannot be read */
export function valuesIn(folder: string, name: keyof typeof ENVIRONMENT_FILES): Values {
  const file = join(folder, ENVIRONMENT_FILES[name]);
  try {
    return parseEnvironment(readFileSync(file, "utf8"));
  } catch (error) {
    if (kindOfError(error) === "ENOENT") return {};
    throw new BotenstoffError("CONFIG_INVALID", `reading ${file}: ${kindOfError(error)}`, { cause: error });
  }
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$/;

/** NAME=value, bare or in quotes, as `. file` in a shell would take it. */
function parseEnvironment(text: string): Values {
  const values: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name, said = ""] = LINE.exec(line) ?? [];
    if (name !== undefined) values[name] = unquoted(said);
  }
  return values;
}

function unquoted(said: string): string {
  const single = /^'(.*)'$/s.exec(said)?.[1];
  if (single !== undefined) return single;
  const double = /^"(.*)"$/s.exec(said)?.[1];
  return double === undefined ? said : double.replace(/\\(["\\`$])/g, "$1");
}

/** The text with these values: a line that sets one of the names is changed, what is not set yet comes at the end. */
export function withValues(text: string, values: Values): string {
  const left = new Map(Object.entries(values));
  const lines = text.split("\n").map((line) => {
    const name = LINE.exec(line)?.[1];
    const value = name === undefined ? undefined : left.get(name);
    if (name === undefined || value === undefined) return line;
    left.delete(name);
    return unquoted(LINE.exec(line)?.[2] ?? "") === value ? line : `${name}=${quoted(value)}`;
  });
  while (lines.at(-1) === "") lines.pop();
  return [...lines, ...[...left].map(([name, value]) => `${name}=${quoted(value)}`), ""].join("\n");
}

/** As few quotes as systemd, a shell and Docker agree on. */
function quoted(value: string): string {
  if (/^[\w./:@%+,=~-]*$/.test(value)) return value;
  return value.includes("'") ? `"${value.replace(/["\\`$]/g, "\\$&")}"` : `'${value}'`;
}
