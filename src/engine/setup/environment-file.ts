import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";

/** The files of a folder made by setup that hold settings, as systemd, Docker and a shell read them; the later one wins. */
const ENVIRONMENT_FILES = { plain: "environment", secret: join("secrets", "environment") } as const;

type Values = Readonly<Record<string, string>>;

/**
 * What the two files say together; a file that is not there says nothing.
 * @throws BotenstoffError CONFIG_INVALID where one cannot be read
 */
export function environmentOf(folder: string): Values {
  return Object.assign({}, ...Object.values(ENVIRONMENT_FILES).map((name) => readValues(join(folder, name)))) as Values;
}

function readValues(file: string): Values {
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
