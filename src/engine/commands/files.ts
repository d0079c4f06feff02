import { resolve } from "node:path";
import type { CommandArguments } from "#src/channel/commands.ts";
import type { Problem } from "#src/channel/problem.ts";
import type { Settings } from "../settings.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";

const FILES = { name: "file", least: 0, most: 100 } as const;

/** The commands that read channel files, offline but for the dry run. */
export const FILE_COMMANDS: readonly Command[] = [
  {
    name: "lint",
    summary: "checks channel files, who may sign in and the alerts, offline",
    details:
      "Prints file:line:column, what is wrong and what to do. Without a file: all of BOTENSTOFF_CHANNELS_DIR,\nBOTENSTOFF_ACCESS_FILE and BOTENSTOFF_ALERTS_FILE. Needs no secrets: names without a value are taken as given.",
    words: FILES,
    flags: JSON_FLAG,
    run: lint,
  },
  {
    name: "test",
    summary: "runs the channels' tests and the mappings' golden examples",
    details: "Needs no network and no database. With files: the tests of these channels only.",
    words: FILES,
    flags: { update: "rewrite the golden outputs for review", ...JSON_FLAG },
    run: async (given) =>
      (await commands()).testCommand({ ...(await files(given)), update: given.flags.has("update") }),
  },
  {
    name: "dry-run",
    summary: "reaches out to every source and destination without leaving a trace",
    details: "Graph API token, FHIR /metadata, MLLP connect; prints one line per connector.",
    words: FILES,
    flags: JSON_FLAG,
    run: async (given) => (await commands()).dryRunCommand(await files(given)),
  },
  {
    name: "graph",
    summary: "prints the channels as a mermaid graph",
    details: "Paste it into any Markdown that renders mermaid.",
    run: async (given) => (await commands()).graphCommand(await files(given)),
  },
  {
    name: "generate",
    summary: "rewrites what is made from the code: schemas, the API's description, lists in the docs",
    details:
      "Run it after changing a connector's settings, a route or a closed list; a test fails while they are stale.",
    run: async () => (await import("../generate.ts")).generateCommand(write),
  },
];

/** Channels and profiles, who may sign in, and the alerts; of named files these only. */
async function lint(given: Given): Promise<number> {
  const { readSettings } = await import("../settings.ts");
  const { alertsFile, accessFile, ...settings } = readSettings(process.env);
  const named = new Set(given.words.map((word) => resolve(word)));
  const isWanted = (file: string) => named.size === 0 || named.delete(resolve(file));
  const besides: Problem[] = [];
  if (isWanted(accessFile)) besides.push(...(await lintAccess({ ...settings, accessFile })));
  if (isWanted(alertsFile)) besides.push(...(await lintAlerts(alertsFile, settings.env)));
  const [{ lintCommand, printLint }, args] = await Promise.all([commands(), files(given)]);
  if (given.words.length > 0 && named.size === 0) return printLint(args, [], besides);
  const only = given.words.filter((word) => named.has(resolve(word)));
  return lintCommand({ ...args, only, besides });
}

async function lintAccess(settings: Pick<Settings, "accessFile" | "channelsDir" | "env">): Promise<readonly Problem[]> {
  const { lintAccessFile } = await import("../access-file.ts");
  return (await lintAccessFile(settings, "placeholder")).problems;
}

async function lintAlerts(file: string, env: Settings["env"]): Promise<readonly Problem[]> {
  const { loadAlerts } = await import("#src/alerts/load.ts");
  const loaded = await loadAlerts(file, env, "placeholder");
  return "problems" in loaded ? loaded.problems : [];
}

const commands = () => import("#src/channel/commands.ts");

async function files({ words, flags }: Given): Promise<CommandArguments> {
  const { readSettings } = await import("../settings.ts");
  const { channelsDir, mappingsDir, profilesDir, env } = readSettings(process.env);
  return {
    channelsDirectory: channelsDir,
    mappingsDirectory: mappingsDir,
    profilesDirectory: profilesDir,
    env,
    only: words,
    json: flags.has("json"),
    write,
  };
}
