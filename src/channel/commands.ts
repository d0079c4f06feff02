import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { runChannelTests, type ChannelTestResult } from "./channel-tests.ts";
import type { Channel } from "./channel.ts";
import { checkConnectors } from "./connectors.ts";
import { runMappingExamples } from "./examples.ts";
import { renderGraph } from "./graph.ts";
import { loadHl7Profiles } from "./hl7-profiles.ts";
import type { Environment } from "./interpolate.ts";
import { loadChannels } from "./load.ts";
import { formatProblem, type Problem } from "./problem.ts";

export interface CommandArguments {
  readonly channelsDirectory: string;
  readonly mappingsDirectory: string;
  readonly profilesDirectory: string;
  readonly env: Environment;
  /** Rewrites the golden examples that differ instead of failing on them. */
  readonly update?: boolean;
  /** Only these channel files; none: the whole folder. */
  readonly only?: readonly string[];
  /** What is wrong with files that are no channels. */
  readonly besides?: readonly Problem[];
  /** Prints JSON instead of lines for people. */
  readonly json?: boolean;
  /** Prints one line. */
  readonly write: (line: string) => void;
}

/** `botenstoff lint`: offline and without secrets. 1 when there is any problem. */
export async function lintCommand(args: CommandArguments): Promise<0 | 1> {
  const { channels, problems } = await read(args, "placeholder", "run");
  return printLint(args, channels, [...problems, ...(args.besides ?? [])]);
}

/** Prints what is wrong, or that nothing is. */
export function printLint(
  args: Pick<CommandArguments, "json" | "write">,
  channels: readonly Pick<Channel, "id">[],
  problems: readonly Problem[],
): 0 | 1 {
  const ok = problems.length === 0;
  if (args.json) args.write(JSON.stringify({ ok, channels: channels.map(({ id }) => id), problems }));
  else for (const line of problems.map(formatProblem)) args.write(line);
  if (ok && !args.json) args.write(`${channels.length} channels, no problems`);
  return ok ? 0 : 1;
}

/** `botenstoff test`: the channels' own tests and every mapping's golden examples, offline and without secrets. */
export async function testCommand(args: CommandArguments): Promise<0 | 1> {
  const { channels, profiles, ok } = await load(args, "placeholder");
  const results: { name: string; passed: boolean; detail?: string }[] = [];
  const report = (name: string, good: boolean, detail = ""): void => {
    results.push({ name, passed: good, ...(detail !== "" && { detail }) });
    if (!args.json) args.write(`${good ? "ok    " : "FAILED"} ${name}${detail === "" ? "" : `: ${detail}`}`);
  };
  for (const channel of channels) {
    const results = await runChannelTests(channel).catch((error: unknown) => [notRun(channel, error)]);
    for (const { name, passed: good, detail } of results) {
      report(`${channel.id}: ${name}`, good, detail);
    }
  }
  const mappings = args.only === undefined || args.only.length === 0 ? await folders(args.mappingsDirectory) : [];
  for (const mapping of mappings) {
    for (const { name, outcome, detail } of await runMappingExamples(mapping, {
      update: args.update ?? false,
      profiles,
    })) {
      report(name, outcome !== "failed", outcome === "updated" ? "updated" : detail);
    }
  }
  const failed = results.filter(({ passed }) => !passed).length;
  args.write(
    args.json
      ? JSON.stringify({ ok: ok && failed === 0, results })
      : `${results.length - failed} passed, ${failed} failed`,
  );
  return ok && failed === 0 ? 0 : 1;
}

/** A channel whose tests cannot even begin; the others' are run all the same. */
function notRun(channel: Channel, error: unknown): ChannelTestResult {
  const detail = channel.concealed(Error.isError(error) ? error.message : String(error));
  return { channel: channel.id, name: "its tests cannot be run", passed: false, detail };
}

/** `botenstoff graph`: the channels as a mermaid flowchart. */
export async function graphCommand(args: CommandArguments): Promise<0 | 1> {
  const { channels, ok } = await load(args, "placeholder");
  args.write(renderGraph(channels));
  return ok ? 0 : 1;
}

/** `botenstoff dry-run`: reaches out to every connector, without leaving a trace, and says which do not work. */
export async function dryRunCommand(args: CommandArguments): Promise<0 | 1> {
  const { channels, ok } = await load(args, "error");
  const checked = await checkConnectors(channels, args.env);
  const results = checked.map(({ name, type, reason, remedy = "" }) =>
    reason === undefined
      ? { line: `ok     ${name} (${type})`, good: true }
      : { line: `FAILED ${name} (${type}): ${reason}${remedy === "" ? "" : ` (${remedy})`}`, good: false },
  );
  if (args.json) args.write(JSON.stringify({ ok: ok && results.every(({ good }) => good), results }));
  else for (const { line } of results) args.write(line);
  return ok && results.every(({ good }) => good) ? 0 : 1;
}

async function load(args: CommandArguments, unresolved: "error" | "placeholder") {
  const { channels, profiles, problems } = await read(args, unresolved);
  // What is to be read by a program holds nothing else.
  const say = args.json ? (line: string) => void process.stderr.write(`${line}\n`) : args.write;
  for (const problem of problems) say(formatProblem(problem));
  return { channels, profiles, ok: problems.length === 0 };
}

/** The channels asked for with what is wrong with them; the profiles' problems always count. */
async function read(args: CommandArguments, unresolved: "error" | "placeholder", tests?: "run") {
  const { mappingsDirectory, env, only = [] } = args;
  const profiles = await loadHl7Profiles(args.profilesDirectory);
  const wanted = new Set(only.map((file) => resolve(file)));
  const directories = only.length === 0 ? [args.channelsDirectory] : [...new Set(only.map((file) => dirname(file)))];
  const isWanted = (file: string) => wanted.size === 0 || wanted.has(resolve(file));
  const channels: Channel[] = [];
  const problems = [...profiles.problems];
  for (const directory of directories) {
    const loaded = await loadChannels({
      ...{ directory, mappingsDirectory, profiles, env, unresolved },
      ...(tests && { tests }),
    });
    channels.push(...loaded.channels.filter(({ file }) => isWanted(file)));
    problems.push(...loaded.problems.filter(({ file }) => isWanted(file)));
  }
  const known = new Set([...channels, ...problems].map(({ file }) => resolve(file)));
  const absent = only.filter((file) => !known.has(resolve(file)));
  problems.push(...absent.map((file) => ({ file, line: 1, column: 1, path: "", message: "No such channel file" })));
  return { channels, profiles, problems };
}

async function folders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name))
    .sort();
}
