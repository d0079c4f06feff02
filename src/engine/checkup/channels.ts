import { existsSync } from "node:fs";
import { loadAlerts } from "#src/alerts/load.ts";
import type { Channel } from "#src/channel/channel.ts";
import { checkConnectors } from "#src/channel/connectors.ts";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadChannels } from "#src/channel/load.ts";
import { formatProblem, type Problem } from "#src/channel/problem.ts";
import { lintAccessFile } from "../access-file.ts";
import { fail, note, ok, warn, type Finding, type Situation } from "./finding.ts";

const MOST_PROBLEMS = 20;
const CORRECT = "Correct it; a change is taken over within seconds, what the environment says at a restart.";

/** The channels as an engine would run them, and what is wrong with their files. */
export async function readChannels({ settings }: Pick<Situation, "settings">): Promise<{
  readonly channels: readonly Channel[];
  readonly files: readonly string[];
  readonly findings: Finding[];
}> {
  const profiles = await loadHl7Profiles(settings.profilesDir);
  const { channels, problems, files } = await loadChannels({
    ...{ directory: settings.channelsDir, mappingsDirectory: settings.mappingsDir },
    ...{ profiles, env: settings.env, tests: "run" },
  });
  const findings = wrong("channels", [...profiles.problems, ...problems]);
  if (channels.length > 0) findings.push(ok("channels", channels.map(({ id }) => id).join(", ")));
  else findings.push(fail("channels", "none can run", "Correct what is named here, or lay one out."));
  return { channels, files, findings };
}

/** Who is told, and who may sign in. */
export async function examineFiles({ settings }: Pick<Situation, "settings">): Promise<Finding[]> {
  const { alertsFile, accessFile, env } = settings;
  const loaded = await loadAlerts(alertsFile, env, "error");
  const findings: Finding[] = [];
  if ("problems" in loaded) findings.push(...wrong("alerts", loaded.problems));
  else if (loaded.alerts.targets.length === 0) {
    findings.push(warn("alerts", "nobody is told of one", "Name somebody under targets in config/alerts.yaml."));
  }
  if (!existsSync(accessFile)) {
    return [...findings, note("access", "no identity provider is named: nobody signs in but by break-glass")];
  }
  const access = await lintAccessFile(settings, "error");
  return [...findings, ...wrong("access", access.problems)];
}

/** Whether every source and destination answers. */
export async function examineConnectors(
  channels: readonly Channel[],
  { env, running }: Pick<Situation, "env" | "running">,
): Promise<Finding[]> {
  const checked = await checkConnectors(channels, env, running);
  return checked.map(({ name, type, reason, remedy }) =>
    reason === undefined
      ? ok("connectors", `${name} (${type})`)
      : fail("connectors", `${name} (${type}): ${reason}`, remedy ?? "See to it; what goes there waits meanwhile."),
  );
}

function wrong(check: string, problems: readonly Problem[]): Finding[] {
  const findings = problems
    .slice(0, MOST_PROBLEMS)
    .map(({ remedy = CORRECT, ...problem }) => fail(check, formatProblem(problem), remedy));
  const more = problems.length - findings.length;
  return more > 0 ? [...findings, fail(check, `and ${more} more`, "`botenstoff lint` lists them.")] : findings;
}
