import { readFile } from "node:fs/promises";
import { parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js";
import type { ImportFile } from "#src/identity/import-file.ts";
import { askEngine } from "./ask-engine.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { table } from "./table.ts";

type Row = Readonly<Record<string, unknown>>;

/** The commands about the directory: who is behind a number. */
export const DIRECTORY_COMMANDS: readonly Command[] = [
  {
    name: "directory",
    summary: "shows how much the directory knows, and how fresh it is",
    details: "Asks the engine at BOTENSTOFF_URL with BOTENSTOFF_API_TOKEN. Counts and times only.",
    flags: JSON_FLAG,
    run: async ({ flags }) => {
      const state = (await askEngine("GET", "/api/v1/directory")) as Row;
      if (flags.has("json")) write(JSON.stringify(state));
      else for (const [name, value] of Object.entries(state)) write(`${name.padEnd(22)} ${String(value)}`);
      return 0;
    },
  },
  {
    name: "directory conflicts",
    summary: "lists numbers that several patients carry, or that are known as another's",
    details: "Asks the engine at BOTENSTOFF_URL with BOTENSTOFF_API_TOKEN. Keyed hashes only.",
    options: { after: "where the page before ended", limit: "at most this many" },
    flags: JSON_FLAG,
    run: async ({ flags, options }) => {
      const query = new URLSearchParams(Object.entries(options)).toString();
      const answer = (await askEngine("GET", `/api/v1/directory/conflicts?${query}`)) as {
        items: Row[];
        next: string | null;
      };
      if (flags.has("json")) write(JSON.stringify(answer));
      else for (const line of table(["number", "kind", "patients", "since"], answer.items)) write(line);
      if (!flags.has("json") && answer.next !== null) write(`more: --after ${answer.next}`);
      return 0;
    },
  },
  {
    name: "directory import",
    summary: "takes patients, numbers and cases over from a CSV file",
    details:
      "Works beside a running engine, or on a stopped one's database. Prints line, column and what is wrong, never a value.\n" +
      "All or nothing: one line that cannot be taken, and nothing is. What a feed said later than --as-of counts.",
    words: { name: "file", least: 1, most: 1 },
    options: {
      country: "where numbers without country code belong (DE)",
      authority: "assigning authority of lines that name none",
      zone: "time zone of times without an offset (Europe/Berlin)",
      "as-of": "when the file was true, e.g. 2026-11-01T08:00:00Z (now)",
    },
    flags: {
      "dry-run": "check the file only",
      "skip-invalid": "take the lines that can be taken",
      ...JSON_FLAG,
    },
    run: importFile,
  },
];

async function importFile({ words: [file = ""], options, flags }: Given): Promise<number> {
  const { country = "DE", authority = "", zone = "Europe/Berlin", "as-of": asOf = new Date().toISOString() } = options;
  if (Number.isNaN(Date.parse(asOf)) || !isCountry(country)) {
    process.stderr.write("botenstoff directory import: --as-of is no time, or --country no country\n");
    return 2;
  }
  const { readImport } = await import("#src/identity/import-file.ts");
  const rules = { country, authority, timeZone: zone, asOf: new Date(asOf).toISOString() };
  const read = readImport(await readFile(file), rules);
  const errors = read.problems.filter(({ level }) => level === "error").length;
  const refused = errors > 0 && !flags.has("skip-invalid");
  const counted = { encoding: read.encoding, lines: read.lines, taken: read.updates.length, errors };
  const outcome =
    flags.has("dry-run") || refused ? { ...counted, changed: false } : { ...counted, ...(await apply(read.updates)) };
  if (flags.has("json")) write(JSON.stringify({ ...outcome, problems: read.problems }));
  else {
    for (const { line, column, level, reason } of read.problems)
      write(`${file}:${line}: ${level}: ${column === undefined ? "" : `${column}: `}${reason}`);
    write(
      Object.entries(outcome)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(", "),
    );
  }
  return refused || "conflict" in outcome ? 1 : 0;
}

type Updates = ImportFile["updates"];

/** In one transaction. @returns what changed; with `conflict` the line because of which nothing did */
async function apply(updates: Updates) {
  const [{ openFoundation }, { readSettings }, { createLog }, { BotenstoffError }] = await Promise.all([
    import("../foundation.ts"),
    import("../settings.ts"),
    import("../log.ts"),
    import("#src/message/error-code.ts"),
  ]);
  const foundation = await openFoundation(readSettings(process.env), createLog("error"), true);
  let at = 0;
  try {
    const change = { type: "update", updates: updates.map(({ update }) => update) } as const;
    const { outcome, numbers } = await foundation.directory.apply(change, (nth) => (at = nth));
    await foundation.note("directory.imported", "directory", { lines: String(updates.length) });
    return { changed: outcome === "changed", ...numbers };
  } catch (error) {
    if (!(error instanceof BotenstoffError) || error.code !== "PATIENTS_CONFLICT") throw error;
    return { changed: false, conflict: `line ${updates[at]?.line ?? 0}` };
  } finally {
    await foundation.close();
  }
}

function isCountry(text: string): text is CountryCode {
  return parsePhoneNumberFromString("0301234567", text as CountryCode) !== undefined;
}
