import type { CommandArguments } from "#src/channel/commands.ts";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";

const FILES = { name: "file", least: 0, most: 100 } as const;

/** The commands that read channel files, offline but for the dry run. */
export const FILE_COMMANDS: readonly Command[] = [
  {
    name: "lint",
    summary: "checks channel files, offline",
    details:
      "Prints file:line:column and what is wrong. Without a file: all of BOTENSTOFF_CHANNELS_DIR. Needs no secrets:\nnames without a value are taken as given.",
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

/** Channels and profiles; without a file also the alerts. */
async function lint(given: Given): Promise<number> {
  const status = await (await commands()).lintCommand(await files(given));
  if (given.words.length > 0) return status;
  const [{ loadAlerts }, { readSettings }, { formatProblem }] = await Promise.all([
    import("#src/alerts/load.ts"),
    import("../settings.ts"),
    import("#src/channel/problem.ts"),
  ]);
  const { alertsFile, env } = readSettings(process.env);
  const loaded = await loadAlerts(alertsFile, env, "placeholder");
  const problems = "problems" in loaded ? loaded.problems : [];
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  return problems.length === 0 ? status : 1;
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
