import { z } from "zod";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import {
  DEFAULT_PROFILE,
  extendProfile,
  hl7Profile,
  hl7ProfileFile,
  type Hl7Profile,
  type Hl7ProfileFile,
} from "#src/hl7/profile.ts";
import type { Mapping } from "#src/message/mapping.ts";
import { formatProblem, readOrProblem, type Problem } from "./problem.ts";
import { readYaml } from "./yaml.ts";
import { toIssues, type Issue } from "./zod-issues.ts";

/** The HL7 profiles of a folder, checked; those that are broken are named in `problems` and are not there. */
export interface Hl7Profiles {
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
  get(name: string): Hl7Profile | undefined;
  /** config/phone-words.yaml, beside the folder; absent where there is no such file. */
  readonly phoneWords?: readonly string[];
  /** Why a profile that has a file is not there. */
  faultOf(name: string): Problem | undefined;
}

interface Parsed {
  readonly own: Hl7ProfileFile;
  readonly problem: (issue: Issue) => Problem;
}

/** Reads every `<name>.yaml` of the folder and completes each from what it extends. */
export async function loadHl7Profiles(directory: string): Promise<Hl7Profiles> {
  const problems: Problem[] = [];
  const files = new Map<string, Parsed>();
  const found = existsSync(directory) ? (await readdir(directory)).filter(isProfile).sort() : [];
  for (const file of found) {
    const path = join(directory, file);
    const text = await readOrProblem(path);
    if (typeof text !== "string") {
      problems.push(text);
      continue;
    }
    const parsed = parse(path, text);
    if ("own" in parsed) files.set(file.slice(0, -".yaml".length), parsed);
    else problems.push(...parsed.problems);
  }
  const phoneWords = await readPhoneWords(join(directory, "..", "phone-words.yaml"), problems);
  const complete = new Map<string, Hl7Profile>();
  for (const [name, { own, problem }] of files) {
    const merged = completed(name, own, files);
    const checked = typeof merged === "string" ? undefined : hl7Profile.safeParse(merged);
    if (checked?.success) complete.set(name, checked.data);
    else if (typeof merged === "string") problems.push(problem({ path: ["extends"], message: merged }));
    else problems.push(...(checked?.error.issues ?? []).flatMap((issue) => toIssues(issue, [], merged)).map(problem));
  }
  return {
    names: [...complete.keys()],
    problems,
    ...(phoneWords && { phoneWords }),
    get: (name) => complete.get(name),
    faultOf: (name) => problems.find(({ file }) => file === join(directory, `${name}.yaml`)),
  };
}

const phoneWordsFile = z.strictObject({ words: z.array(z.string().min(1).toLowerCase()) });

async function readPhoneWords(path: string, problems: Problem[]): Promise<readonly string[] | undefined> {
  if (!existsSync(path)) return undefined;
  const text = await readOrProblem(path);
  const checked = typeof text === "string" ? phoneWordsFile.safeParse(parseYaml(text)) : undefined;
  if (checked?.success) return checked.data.words;
  const message = "Expected a list of words under words:";
  problems.push(typeof text === "string" ? { file: path, line: 1, column: 1, path: "words", message } : text);
  return undefined;
}

function parseYaml(text: string): unknown {
  return parseDocument(text).toJS({ maxAliasCount: 0 });
}

function isProfile(name: string): boolean {
  return name.endsWith(".yaml") && !name.startsWith(".");
}

/**
 * Puts the profile that `with: { profile: <name> }` names in its place, the default one where none is named: so that it
 * is frozen with the other parameters when a message is routed, and a retry does not see a later edit.
 */
export function withProfile(given: unknown, profiles: Hl7Profiles): { params: unknown } | { issue: Issue } {
  const params = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const { profile: name = DEFAULT_PROFILE } = params;
  const profile = typeof name === "string" ? profiles.get(name) : undefined;
  if (profile) return { params: { ...params, profile } };
  const fault = typeof name === "string" ? profiles.faultOf(name) : undefined;
  if (fault) return { issue: { path: ["profile"], message: `This HL7 profile is broken: ${formatProblem(fault)}` } };
  const known = profiles.names.length === 0 ? "there are none" : `expected ${profiles.names.join(", ")}`;
  return { issue: { path: ["profile"], message: `Unknown HL7 profile; ${known}`, allowed: profiles.names } };
}

/** Whether a mapping works by a profile: one that says what it takes, and no `profile`, is given none. */
export function takesProfile({ output, params }: Pick<Mapping, "output" | "params">): boolean {
  return output === "hl7" && (!(params instanceof z.ZodObject) || "profile" in params.shape);
}

function parse(file: string, text: string): Parsed | { problems: Problem[] } {
  const yaml = readYaml(file, text);
  if ("problems" in yaml) return yaml;
  const { document, position } = yaml;
  const problem = ({ path, message, atKey }: Issue): Problem => ({
    file,
    ...position(path, atKey),
    path: path.join("."),
    message,
  });
  const value: unknown = document.toJS();
  const checked = hl7ProfileFile.safeParse(value);
  return checked.success
    ? { own: checked.data, problem }
    : { problems: checked.error.issues.flatMap((issue) => toIssues(issue, [], value)).map(problem) };
}

/** The profile with all it extends, or why it cannot be put together. */
function completed(name: string, own: Hl7ProfileFile, files: ReadonlyMap<string, Parsed>): Hl7ProfileFile | string {
  const seen = [name];
  let merged: Hl7ProfileFile = own;
  while (merged.extends !== undefined) {
    const base = files.get(merged.extends)?.own;
    if (!base) return `No usable profile is named ${merged.extends}`;
    if (seen.includes(merged.extends)) return `Profiles extend each other: ${[...seen, merged.extends].join(", ")}`;
    seen.push(merged.extends);
    const { extends: _done, ...rest } = merged;
    merged = extendProfile(base, rest);
  }
  return merged;
}
