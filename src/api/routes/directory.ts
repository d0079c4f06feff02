import { z } from "zod";
import { numberConflicts, readDirectoryState } from "#src/store/sql/directory-state.ts";
import type { ApiDeps } from "../deps.ts";
import { once } from "../once.ts";
import { pageLimit } from "../query.ts";
import { json, route } from "../route.ts";

const instant = z.iso.datetime();

const stateSchema = z.strictObject({
  at: instant.describe("When it was counted; answers are up to ten seconds old."),
  patients: z.int(),
  merged: z.int().describe("Records that were merged into others."),
  deleted: z.int().describe("Deleted in the KIS; what is left of them goes after 30 days."),
  numbers: z.int(),
  shared_numbers: z.int().describe("Carried by several patients: their messages are held."),
  open_cases: z.int(),
  planned_cases: z.int(),
  last_told_at: instant.nullable().describe("When anything was last told of any patient: a feed that stands still."),
  longest_silent_since: instant.nullable(),
  silent_patients: z.int().describe("Of whom nothing was told for a year."),
});

const conflictSchema = z.strictObject({
  number: z.hex().describe("Keyed hash."),
  kind: z.enum(["shared", "moved"]).describe("`shared`: several patients carry it. `moved`: it is known as another's."),
  patients: z.array(z.hex()).describe("Keyed hashes, as those of rehomings; the first twenty."),
  since: instant,
});

const conflictsSchema = z.strictObject({
  items: z.array(conflictSchema),
  next: z.hex().nullable().describe("Pass as `after` for the next page; null at the end."),
});

const GOOD_FOR_MS = 10_000;
const counts = new WeakMap<ApiDeps, () => Promise<z.infer<typeof stateSchema>>>();

export const showDirectory = route({
  operationId: "showDirectory",
  tag: "operation",
  method: "get",
  path: "/api/v1/directory",
  right: "directory.read",
  summary: "Shows how much the directory knows, and how fresh it is",
  answer: json("Directory", stateSchema, "Counts and times."),
  handle: (_input, { deps }) => {
    const count = counts.get(deps) ?? once(GOOD_FOR_MS, () => state(deps));
    counts.set(deps, count);
    return count();
  },
});

export const listDirectoryConflicts = route({
  operationId: "listDirectoryConflicts",
  tag: "operation",
  method: "get",
  path: "/api/v1/directory/conflicts",
  right: "directory.read",
  summary: "Lists numbers that lead to nobody for certain, by keyed hashes",
  details:
    "What an ADT message could not say because its identifiers are several patients' is among the failed messages: `code=PATIENTS_CONFLICT`.",
  query: z.strictObject({ after: z.hex().optional().describe("`next` of the page before."), limit: pageLimit }),
  answer: json("DirectoryConflicts", conflictsSchema, "A page."),
  handle: async ({ query: { after = "", limit } }, { deps }) => {
    const rows = await numberConflicts(deps.store, Buffer.from(after, "hex"), limit + 1);
    const page = rows.slice(0, limit);
    return {
      items: page.map(({ bi, kind, patients, since }) => ({
        number: bi.toString("hex"),
        kind,
        patients: patients.map((id) => deps.blindIndex.of("patient", id).toString("hex")),
        since: since.toISOString(),
      })),
      next: rows.length > limit ? (page.at(-1)?.bi.toString("hex") ?? null) : null,
    };
  },
});

async function state(deps: ApiDeps): Promise<z.infer<typeof stateSchema>> {
  const now = new Date(deps.now());
  const found = await readDirectoryState(deps.store, now);
  return {
    at: now.toISOString(),
    patients: found.patients,
    merged: found.merged,
    deleted: found.deleted,
    numbers: found.numbers,
    shared_numbers: found.sharedNumbers,
    open_cases: found.openCases,
    planned_cases: found.plannedCases,
    last_told_at: found.newest?.toISOString() ?? null,
    longest_silent_since: found.oldest?.toISOString() ?? null,
    silent_patients: found.silent,
  };
}
