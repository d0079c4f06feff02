import { existsSync } from "node:fs";
import { interpolate, type Environment } from "#src/channel/interpolate.ts";
import { settlePlaceholders } from "#src/channel/placeholder.ts";
import { formatProblem, readOrProblem, type Problem } from "#src/channel/problem.ts";
import { readYaml } from "#src/channel/yaml.ts";
import { toIssues, type Issue } from "#src/channel/zod-issues.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { accessFile, NO_FILE, type AccessSettings } from "./settings.ts";

interface LoadOptions {
  readonly file: string;
  readonly env: Environment;
  /** Names without a value: a problem (default), or something that fits, so that lint works without secrets. */
  readonly unresolved?: "error" | "placeholder";
}

interface Loaded {
  readonly settings: AccessSettings;
  readonly problems: readonly Problem[];
}

/** Reads who may sign in and as what. Without a file nobody signs in; one with problems gives nothing at all. */
export async function loadAccess({ file, env, unresolved = "error" }: LoadOptions): Promise<Loaded> {
  if (!existsSync(file)) return { settings: NO_FILE, problems: [] };
  const text = await readOrProblem(file);
  if (typeof text !== "string") return { settings: NO_FILE, problems: [text] };
  const yaml = readYaml(file, text);
  if ("problems" in yaml) return { settings: NO_FILE, problems: yaml.problems };
  const { document, position } = yaml;
  const open = interpolate(document, env);
  const checked = await settlePlaceholders(document, open, env, (value) => Promise.resolve(check(value)));
  const issues: Issue[] = [
    ...(unresolved === "placeholder" ? [] : open.map(({ path, reason }) => ({ path, message: reason }))),
    ...checked.issues,
  ];
  const problems = issues.map(({ path, message, atKey }) => ({
    file,
    ...position(path, atKey),
    path: path.join("."),
    message,
  }));
  return { settings: checked.settings ?? NO_FILE, problems };
}

/** @throws BotenstoffError CONFIG_INVALID with the first problem: an engine that reads half of who may do what is worse than none */
export async function readAccess(options: LoadOptions): Promise<AccessSettings> {
  const { settings, problems } = await loadAccess(options);
  const [problem] = problems;
  if (problem) throw new BotenstoffError("CONFIG_INVALID", `reading who may sign in: ${formatProblem(problem)}`);
  return settings;
}

function check(value: unknown): { issues: Issue[]; settings?: AccessSettings } {
  const parsed = accessFile.safeParse(value ?? {});
  if (!parsed.success) return { issues: parsed.error.issues.flatMap((issue) => toIssues(issue, [], value)) };
  const ids = parsed.data.providers.map(({ id }) => id);
  const issues = ids.flatMap((id, index) =>
    ids.indexOf(id) < index ? [{ path: ["providers", index, "id"], message: `Another provider is named "${id}"` }] : [],
  );
  return { issues, settings: parsed.data };
}
