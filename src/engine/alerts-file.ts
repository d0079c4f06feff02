import { stat } from "node:fs/promises";
import type { AlertsFile } from "#src/alerts/file.ts";
import type { JournalAction } from "#src/audit/journal.ts";
import { loadAlerts } from "#src/alerts/load.ts";
import { formatProblem } from "#src/channel/problem.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Settings } from "./settings.ts";

const LOOK_EVERY_MS = 5_000;

interface WatchDeps {
  readonly log: Log;
  readonly note: (action: JournalAction, subject: string, detail: Record<string, string>) => Promise<void>;
}

/** Why targets are told over plain HTTP, by their ids; whoever writes the file answers for that. */
function insecureOf({ targets }: AlertsFile): Record<string, string> {
  return Object.fromEntries(
    targets.flatMap((target) =>
      "webhook" in target && target.webhook.insecure !== undefined ? [[target.id, target.webhook.insecure]] : [],
    ),
  );
}

/** Reads the alerts file, and again when it changes. One with problems leaves the rules of before in force. */
export async function watchAlertsFile(
  { alertsFile: file, env }: Settings,
  { log, note }: WatchDeps,
): Promise<{ current(): AlertsFile | undefined; stop(): Promise<void> }> {
  let current: AlertsFile | undefined;
  let known: string | undefined;
  const look = async () => {
    const { mtimeMs, size, ino } = await stat(file).catch(() => ({ mtimeMs: 0, size: 0, ino: 0 }));
    const now = `${mtimeMs} ${size} ${ino}`;
    if (now === known) return;
    known = now;
    const loaded = await loadAlerts(file, env, "error");
    if ("alerts" in loaded) {
      current = loaded.alerts;
      const insecure = insecureOf(current);
      if (Object.keys(insecure).length > 0) await note("alerts.insecure", "alerts", insecure);
    } else log("error", "alerts.refused", { problems: loaded.problems.map(formatProblem).join("; ") });
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
