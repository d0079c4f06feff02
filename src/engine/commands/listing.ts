import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command } from "./command.ts";
import { table } from "./table.ts";

export type Row = Readonly<Record<string, unknown>>;

export const ASKS_ENGINE =
  "Asks the engine at BOTENSTOFF_URL (default http://127.0.0.1:8080) with BOTENSTOFF_API_TOKEN. Shows ids, states and\ncodes, never content.";

export interface Listing {
  readonly name: string;
  readonly summary: string;
  /** Of the API; its options are the query's members, with "-" for "_". */
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
}

/** A command that prints a list of the API as a table. */
export function listing({ name, summary, path, options, columns }: Listing): Command {
  return {
    name,
    summary,
    details: ASKS_ENGINE,
    options,
    flags: JSON_FLAG,
    run: async ({ flags, options: given }) => {
      const query = new URLSearchParams(
        Object.entries(given).map(([option, value]): [string, string] => [option.replaceAll("-", "_"), value]),
      );
      const answer = (await askEngine("GET", `${path}?${query.toString()}`)) as { items: Row[]; next?: string | null };
      if (flags.has("json")) write(JSON.stringify(answer));
      else {
        for (const line of table(columns, answer.items)) write(line);
        if (answer.next) write(`more: --after ${answer.next}`);
      }
      return 0;
    },
  };
}

/** Prints one thing of the API: a line for each member, then its lists as tables with the columns named. */
export function writeDetail(thing: Row, lists: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, value] of Object.entries(thing)) {
    if (!(name in lists)) write(`${name.padEnd(14)} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
  for (const [name, columns] of Object.entries(lists)) {
    const rows = thing[name];
    if (!Array.isArray(rows) || rows.length === 0) continue;
    write(`\n${name}`);
    for (const line of table(columns, rows as Row[])) write(`  ${line}`);
  }
}
