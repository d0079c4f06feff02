import { createHash, createHmac, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import type { Document } from "yaml";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Mapping } from "#src/message/mapping.ts";
import { runChannelTests } from "./channel-tests.ts";
import type { Channel } from "./channel.ts";
import type { Hl7Profiles } from "./hl7-profiles.ts";
import { conceal, withoutValues } from "./conceal.ts";
import { compileFilter } from "./filter/filter.ts";
import { filesNamed, interpolate, valuesNamed } from "./interpolate.ts";
import type { Environment, Unresolved } from "./interpolate.ts";
import { EXCLUSIVE, lintAddresses, lintChannel, lintShown } from "./lint.ts";
import { loadMapping } from "./mapping.ts";
import { settlePlaceholders } from "./placeholder.ts";
import { readOrProblem, type Problem } from "./problem.ts";
import { validate } from "./validate.ts";
import type { Validated } from "./validate.ts";
import { readYaml, type YamlFile } from "./yaml.ts";
import { member, type Issue } from "./zod-issues.ts";

export interface LoadOptions {
  /** Folder of the channel files; folders inside it are not read. */
  readonly directory: string;
  readonly mappingsDirectory: string;
  /** What `with: { profile: … }` may name; broken ones are for the caller to report. */
  readonly profiles: Hl7Profiles;
  readonly env: Environment;
  /** Names without a value: a problem (default), or something that fits, so that lint works without secrets. */
  readonly unresolved?: "error" | "placeholder";
  /** A test of the channel's own that fails is a problem, as it is when the channel is to run. */
  readonly tests?: "run";
}

/** A channel with what is needed to point at a place in its file. */
interface Loaded {
  readonly channel: Channel;
  /** What no other channel may have, as written where it has no value yet. */
  readonly exclusive?: string;
  problem(issue: Issue): Problem;
}

export interface LoadedChannels {
  readonly channels: Channel[];
  readonly problems: Problem[];
  /** What the channel files refer to (`${file:…}`, `given:`), broken ones too: when one changes, load again. */
  readonly files: readonly string[];
}

/** Lives as long as the process, so that what is made with it cannot be tried against likely secrets. */
const VALUES_KEY = randomBytes(32);

/**
 * Loads every channel file of a folder, in the order of their names. A broken one is left out and never hinders the others.
 * @throws BotenstoffError CONFIG_INVALID when the folder cannot be read
 */
export async function loadChannels(options: LoadOptions): Promise<LoadedChannels> {
  const loaded: Loaded[] = [];
  const problems: Problem[] = [];
  const files = new Set<string>();
  for (const name of await channelFiles(options.directory)) {
    const file = join(options.directory, name);
    const text = await readOrProblem(file);
    if (typeof text !== "string") {
      problems.push(text);
      continue;
    }
    const one = await loadChannel(file, text, options);
    problems.push(...one.problems);
    for (const named of one.files) files.add(named);
    if (one.loaded) {
      const clash = clashOf(one.loaded, loaded);
      if (clash) {
        problems.push(one.loaded.problem(clash));
      } else {
        loaded.push(one.loaded);
      }
    }
  }
  return { channels: loaded.map(({ channel }) => channel), problems, files: [...files].sort() };
}

async function channelFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter(isYaml).sort();
  } catch (cause) {
    const message = `reading the channel files in ${directory}: ${kindOfError(cause)}`;
    throw new BotenstoffError("CONFIG_INVALID", message, { cause });
  }
}

interface LoadedFile {
  readonly loaded?: Loaded;
  readonly problems: readonly Problem[];
  readonly files: readonly string[];
}

/** One file as far as it is sound. Whatever goes wrong with it, the others are not its matter. */
async function loadChannel(file: string, text: string, options: LoadOptions): Promise<LoadedFile> {
  const yaml = readYaml(file, text);
  if ("problems" in yaml) return { ...yaml, files: [] };
  try {
    return await loadParsed(file, text, yaml, options);
  } catch (error) {
    const message = `cannot be loaded (${kindOfError(error)})`;
    return { problems: [{ file, line: 1, column: 1, path: "", message }], files: [] };
  }
}

async function loadParsed(
  file: string,
  text: string,
  { document, position }: YamlFile,
  options: LoadOptions,
): Promise<LoadedFile> {
  const files = filesNamed(document);
  const filled = valuesNamed(document, options.env);
  const problem = (issue: Issue): Problem => {
    const { path, message, atKey, offset } = conceal(issue, filled);
    return { file, ...position(path, atKey, offset), path: path.join("."), message };
  };
  const shown = lintShown(document);
  const unresolved = interpolate(document, options.env);
  const findMapping = (name: string): Promise<Mapping> => loadMapping(options.mappingsDirectory, name);
  const checked = await settlePlaceholders(document, unresolved, options.env, (value) =>
    validate(value, { findMapping, profiles: options.profiles }),
  );
  const problems = [
    ...lintAddresses(document.toJS()).map(problem),
    ...(options.unresolved === "placeholder" ? [] : unresolved.map((open) => problemOf(open, problem))),
    ...[...shown, ...checked.issues].map(problem),
  ];
  const concealed = (said: string) => withoutValues(said, filled);
  const channel = channelOf(file, text, document, checked, concealed);
  files.push(...(checked.file?.tests ?? []).map(({ given }) => join(dirname(file), given)));
  if (channel) {
    problems.push(...lintChannel(channel).map(problem));
  }
  if (channel && problems.length === 0 && options.tests === "run") {
    problems.push(...(await testIssues(channel)).map(problem));
  }
  return !channel || problems.length > 0
    ? { problems, files }
    : { loaded: { channel, problem, ...exclusiveOf(channel, document, unresolved) }, problems, files };
}

/** Why the channel's own tests do not let it run. */
async function testIssues(channel: Channel): Promise<Issue[]> {
  try {
    return (await runChannelTests(channel)).flatMap(({ name, passed, detail }, index) =>
      passed ? [] : [{ path: ["tests", index], message: `test "${name}" fails: ${detail ?? "no reason"}` }],
    );
  } catch (error) {
    const reason = error instanceof BotenstoffError ? `${error.message} (${error.remedy})` : kindOfError(error);
    return [{ path: ["tests"], message: `its tests cannot be run: ${channel.concealed(reason)}` }];
  }
}

function problemOf(open: Unresolved, problem: (issue: Issue) => Problem): Problem {
  return {
    ...problem({ path: open.path, message: open.reason }),
    remedy: "set it, or give a default: ${NAME:default}",
  };
}

function channelOf(
  file: string,
  text: string,
  document: Document,
  { issues, file: said, source, destinations }: Validated,
  concealed: Channel["concealed"],
): Channel | undefined {
  if (issues.length > 0 || !said || !source) {
    return undefined;
  }
  const { retention, identity, ack_only_waiver: waiver } = said;
  const digest = createHash("sha256").update(text);
  for (const { mapping, params } of destinations) {
    digest.update(`\0${mapping.name}@${mapping.version}\0${profileText(params)}`);
  }
  return {
    id: said.id,
    title: said.title,
    language: said.language,
    file,
    sourceType: source.spec.type,
    sourceSpec: source.spec,
    sourceConfig: source.config,
    attachments: { allow: said.attachments.allow, patienceMs: said.attachments.patience, pdf: said.attachments.pdf },
    ...(said.filter !== undefined && {
      filter: compileFilter(said.filter, { timeZone: said.timezone, holidays: said.holidays }),
    }),
    ...(identity && {
      identity: {
        requireLevel: identity.require_level,
        ...(identity.reverify_after !== undefined && { reverifyAfterMs: identity.reverify_after }),
        ...(identity.lookup && { lookup: identity.lookup }),
        ...(identity.encounter && { caseRule: identity.encounter }),
      },
    }),
    clearing: {
      fourEyes: said.clearing.four_eyes,
      dueAfterMs: said.clearing.due_after,
      escalateAfterMs: said.clearing.escalate_after,
    },
    destinations,
    retention: {
      afterFiledMs: retention.after_filed,
      hardMaxAgeMs: retention.hard_max_age,
      unknownSenderMs: retention.unknown_sender,
    },
    ...(waiver && { waiver: { signedBy: waiver.signed_by, date: waiver.date, reason: waiver.reason } }),
    tests: said.tests,
    concealed,
    digest: digest.digest("hex"),
    values: createHmac("sha256", VALUES_KEY).update(JSON.stringify(document.toJS())).digest("hex"),
  };
}

/** A profile is a file of its own: a change of it is a change of the channel. */
function profileText(params: unknown): string {
  return JSON.stringify(member(params, "profile") ?? null);
}

function exclusiveOf(channel: Channel, document: Document, unresolved: readonly Unresolved[]): { exclusive?: string } {
  const rule = EXCLUSIVE[channel.sourceType];
  if (!rule) {
    return {};
  }
  const open = unresolved.find(({ path }) => path.join(".") === `source.${rule.member}`);
  const value = open ? open.text : String(document.getIn(["source", rule.member]));
  // Port 0 lets the system choose, so two channels may both say it.
  return value === "0" ? {} : { exclusive: `${channel.sourceType} ${value}` };
}

function clashOf({ channel, exclusive }: Loaded, earlier: readonly Loaded[]): Issue | undefined {
  if (earlier.some((other) => other.channel.id === channel.id)) {
    return { path: ["id"], message: "Another channel has this id" };
  }
  const owner = exclusive === undefined ? undefined : earlier.find((other) => other.exclusive === exclusive);
  const rule = EXCLUSIVE[channel.sourceType];
  return owner && rule ? { path: ["source", rule.member], message: `${rule.message} ${owner.channel.id}` } : undefined;
}

/** Hidden files belong to editors: an Emacs lock is a link to nowhere, macOS keeps attributes beside what it copies. */
function isYaml(name: string): boolean {
  return !name.startsWith(".") && [".yaml", ".yml"].includes(extname(name));
}
