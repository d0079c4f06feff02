import { randomUUID } from "node:crypto";
import type { Clock } from "#src/message/clock.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Store } from "#src/store/data-source.ts";
import {
  announceAlerts,
  closeAlerts,
  countOpenAlerts,
  escalateAlerts,
  forgetAlerts,
  queueTellings,
  refreshAlerts,
  takeTellings,
  told,
  type AlertRow,
} from "#src/store/sql/alerts.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { Evaluation, type Sample } from "./evaluate.ts";
import { millis, type AlertsFile, type Occasion } from "./file.ts";
import { tell } from "./tell.ts";

const EVERY_MS = 15_000;
const AGAIN_MS = 60_000;
/** Tried every minute, then left to the log: an hour of an unreachable mail server. */
const MOST_ATTEMPTS = 60;

export interface AlertDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "gauge" | "count">;
  /** The engine's counters and gauges as they are now. */
  samples(): Promise<readonly Sample[]>;
  /** The file as it is now; undefined while it is not usable. */
  rules(): AlertsFile | undefined;
}

/**
 * Opens, tells, escalates and closes alerts. Several engines may do so on one database: an alert is open once, its targets
 * are told once (again only after a failure), and it closes when no engine has found it so for four rounds.
 */
export function watchAlerts(deps: AlertDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const evaluation = new Evaluation(deps.clock());
  let open = new Map<string, number>();
  for (const severity of ["critical", "warning"]) {
    deps.metrics.gauge("alerts_open", { severity }, () => open.get(severity) ?? 0);
  }
  const round = async () => {
    const file = deps.rules();
    if (!file) return;
    const now = deps.clock();
    const firing = evaluation.round(file.rules, await deps.samples(), file.timezone, now);
    const drafts = firing.map(({ rule, subject, value }) => ({
      ...{ id: randomUUID(), rule: rule.id, subject, severity: rule.severity, value },
    }));
    await refreshAlerts(deps.store, drafts, new Date(now));
    await decide(deps, file, now, 4 * everyMs);
    await tellAll(deps, file);
    await forgetAlerts(deps.store, new Date(now));
    open = new Map((await countOpenAlerts(deps.store)).map(({ severity, count }) => [severity, count]));
  };
  let running: Promise<void> | undefined;
  const tick = () => {
    running ??= round()
      .catch((error: unknown) => deps.log("warn", "alerts.round_failed", { error: kindOfError(error) }))
      .finally(() => (running = undefined));
  };
  const timer = setInterval(tick, everyMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

/** What is to be told of whom: decided and queued in one transaction. */
async function decide(deps: AlertDeps, file: AlertsFile, now: number, goneMs: number): Promise<void> {
  const at = new Date(now);
  const changed = await deps.store.transaction(async (db) => {
    const rows: [Occasion, AlertRow][] = [];
    const add = (occasion: Occasion, alerts: readonly AlertRow[]) => {
      for (const alert of alerts) rows.push([occasion, alert]);
    };
    add("closed", await closeAlerts(db, new Date(now - goneMs), at));
    add("opened", await announceAlerts(db, at));
    for (const { id, escalate_after: after } of file.rules) {
      if (after !== undefined) add("escalated", await escalateAlerts(db, id, new Date(now - millis(after)), at));
    }
    const tellings = rows.flatMap(([occasion, { id }]) =>
      file.targets
        .filter(({ on }) => on.includes(occasion))
        .map((target) => ({ id: randomUUID(), alertId: id, target: target.id, occasion })),
    );
    await queueTellings(db, tellings, at);
    return rows;
  });
  for (const [occasion, { id, rule, subject, severity }] of changed) {
    const level = occasion === "closed" ? "info" : "warn";
    deps.log(level, `alert.${occasion}`, { alert: id, rule, subject, severity });
  }
}

async function tellAll(deps: AlertDeps, file: AlertsFile): Promise<void> {
  const now = deps.clock();
  for (const { id, target: name, occasion, attempts, alert } of await takeTellings(
    deps.store,
    new Date(now),
    new Date(now + AGAIN_MS),
  )) {
    const target = file.targets.find((one) => one.id === name);
    const { id: alertId, rule, subject, severity, openedAt, closedAt, value } = alert;
    try {
      const words = { alert: alertId, rule, subject, severity, occasion: occasion as Occasion };
      if (target) await tell(file, target, { ...words, openedAt, closedAt, value });
      await told(deps.store, id);
    } catch (error) {
      deps.log("error", "alert.not_told", { alert: alertId, target: name, attempts, error: kindOfError(error) });
      if (attempts >= MOST_ATTEMPTS) await told(deps.store, id);
    }
  }
}
