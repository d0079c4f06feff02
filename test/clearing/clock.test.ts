import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { loadAlerts } from "#src/alerts/load.ts";
import { watchAlerts } from "#src/alerts/watch.ts";
import { createMetrics } from "#src/api/routes/metrics.ts";
import { escalate } from "#src/clearing/escalate.ts";
import { taskPolicyOf } from "#src/clearing/policy.ts";
import { createContacts } from "#src/identity/contacts.ts";
import { listAlerts } from "#src/store/sql/alerts.ts";
import { taskBacklogs } from "#src/store/sql/clearing-clock.ts";
import { closeTasks, openTasks } from "#src/store/sql/clearing.ts";
import { createDirectoryHarness, NOW } from "../identity/harness.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => {
  harness = await createDirectoryHarness();
});
afterAll(() => harness.close());

test("a task that nobody decides is told of when it is due, and of somebody else when it is escalated, each once", async () => {
  const { store, sealer, blindIndex, directory } = harness;
  let now = NOW;
  const clock = () => now;
  const logged: string[] = [];
  const clearing = {
    store: { reading: store, transaction: store.transaction.bind(store) },
    ...{ sealer, blindIndex, directory, contacts: createContacts({ store, sealer, blindIndex }) },
    ...{ clock, retainFrom: clock, policyOf: () => taskPolicyOf(undefined), channels: () => [] },
    log: (_level: string, event: string) => void logged.push(event),
  };
  const metrics = createMetrics({
    countMessages: () => Promise.resolve([]),
    stageBacklogs: () => Promise.resolve([]),
    oldestUnfiled: () => Promise.resolve(null),
    taskBacklogs: () => taskBacklogs(store),
    now: clock,
  });
  const loaded = await loadAlerts("config/alerts.yaml", {}, "placeholder");
  if (!("alerts" in loaded)) throw new Error("the shipped rules are not usable");
  const rules = loaded.alerts.rules.filter(({ metric }) => metric.startsWith("botenstoff_clearing_"));
  const file = { ...loaded.alerts, targets: [], rules };
  const silent = { gauge: () => undefined, count: () => undefined };
  const watched = watchAlerts(
    { store, clock, log: () => undefined, metrics: silent, samples: () => metrics.samples(), rules: () => file },
    20,
  );
  const alerts = async () =>
    (await listAlerts(store, 20))
      .map(({ rule, closedAt }) => `${rule} ${closedAt === null ? "open" : "closed"}`)
      .sort();
  /** Lets time go on, a minute at each look, until the alerts are these. */
  const becomes = async (wanted: readonly string[]) => {
    const deadline = performance.now() + 60_000;
    while (JSON.stringify(await alerts()) !== JSON.stringify(wanted)) {
      if (performance.now() > deadline) throw new Error(`they are ${(await alerts()).join()}`);
      now += MINUTE_MS;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  try {
    const id = randomUUID();
    const key = { channel: "whatsapp-to-kis", laneKey: Buffer.from("lane"), contactBi: Buffer.from("contact") };
    const times = { openedAt: new Date(NOW), dueAt: new Date(NOW + HOUR_MS), escalateAt: new Date(NOW + 30 * HOUR_MS) };
    await store.transaction((db) => openTasks(db, [{ id, ...key, ...times, wanted: null, wantedAt: null }]));
    await escalate(clearing);
    expect([logged, await alerts()]).toEqual([[], []]);
    now = NOW + HOUR_MS + MINUTE_MS;
    await becomes(["clearing-overdue open"]);
    now = Math.max(now, NOW + 31 * HOUR_MS);
    await escalate(clearing);
    await escalate(clearing);
    expect(logged).toEqual(["clearing.escalated"]);
    await becomes(["clearing-escalated open", "clearing-overdue open"]);
    await store.transaction((db) => closeTasks(db, [id], "decided", new Date(now)));
    await becomes(["clearing-escalated closed", "clearing-overdue closed"]);
  } finally {
    await watched.stop();
  }
}, 120_000);
