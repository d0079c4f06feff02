import type { Clock } from "#src/message/clock.ts";
import { refuseExposure } from "../exposure.ts";
import { readSettings, type Settings } from "../settings.ts";
import { examineBackup } from "./backup.ts";
import { examineCertificates } from "./certificates.ts";
import { examineConnectors, examineFiles, readChannels } from "./channels.ts";
import { examineDatabase } from "./database.ts";
import { bounded, failed, ok, type Finding, type Situation } from "./finding.ts";
import { examineFolders, examineSecrets } from "./folders.ts";
import { examineKey } from "./key.ts";
import { examineNames, examinePort, examineProxies } from "./network.ts";
import { engineRuns } from "./running.ts";

type Environment = Situation["env"];

/** A look may take twice as long as anything it waits for, of which there may be two in a row. */
const WITHIN_MS = 10_000;
const ALIVE_WITHIN_MS = 3_000;

/**
 * Looks at everything an engine of this environment depends on, running or not, and changes nothing. No look waits longer
 * than 20 s, and all look at once.
 */
export async function examine(env: Environment, now: Clock): Promise<Finding[]> {
  const { settings, findings } = examineSettings(env);
  if (!settings) return findings;
  const running = await engineRuns(settings, ALIVE_WITHIN_MS);
  const situation: Situation = { env: settings.env, settings, now, withinMs: WITHIN_MS, running };
  const looks: readonly (readonly [string, () => Promise<Finding[]>])[] = [
    ["master key", () => Promise.resolve(examineKey(situation))],
    ["disk", () => examineFolders(situation)],
    ["engine", () => examinePort(situation)],
    ["database", () => examineDatabase(situation)],
    ["names", () => examineNames(situation)],
    ["proxy", () => examineProxies(situation)],
    ["backup", () => examineBackup(situation)],
    ["alerts", () => examineFiles(situation)],
    ["channels", () => examineChannels(situation)],
  ];
  const found = await Promise.all(looks.map(([check, look]) => bounded(check, 2 * WITHIN_MS, look)));
  return [...findings, ...found.flat()];
}

async function examineChannels(situation: Situation): Promise<Finding[]> {
  const { channels, files, findings } = await readChannels(situation);
  return [
    ...findings,
    ...(await examineSecrets(files, situation)),
    ...examineCertificates(channels, situation),
    ...(await examineConnectors(channels, situation)),
  ];
}

function examineSettings(env: Environment): { readonly settings?: Settings; readonly findings: Finding[] } {
  let settings: Settings;
  try {
    settings = readSettings(env);
  } catch (error) {
    return { findings: [failed("settings", error)] };
  }
  try {
    // The key is looked at by itself.
    const { masterKeyFile: _masterKeyFile, ...others } = settings;
    refuseExposure(others);
  } catch (error) {
    return { settings, findings: [failed("settings", error)] };
  }
  return { settings, findings: [ok("settings", "complete, and nothing is open to strangers")] };
}
