import { stat } from "node:fs/promises";
import type { AlertsFile } from "#src/alerts/file.ts";
import { loadAlerts } from "#src/alerts/load.ts";
import { formatProblem } from "#src/channel/problem.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Settings } from "./settings.ts";

const LOOK_EVERY_MS = 5_000;

/** Reads the alerts file, and again when it changes. One with problems leaves the rules of before in force. */
export async function watchAlertsFile(
  { alertsFile: file, env }: Settings,
  log: Log,
): Promise<{ current(): AlertsFile | undefined; stop(): Promise<void> }> {
  let current: AlertsFile | undefined;
  let known: string | undefined;
  const look = async () => {
    const { mtimeMs, size, ino } = await stat(file).catch(() => ({ mtimeMs: 0, size: 0, ino: 0 }));
    const now = `${mtimeMs} ${size} ${ino}`;
    if (now === known) return;
    known = now;
    const loaded = await loadAlerts(file, env, "error");
    if ("alerts" in loaded) current = loaded.alerts;
    else log("error", "alerts.refused", { problems: loaded.problems.map(formatProblem).join("; ") });
  };
  await look();
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_EVERY_MS).unref();
  return {
    current: () => current,
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
