import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { createMetrics } from "#src/api/routes/metrics.ts";
import { COUNTERS, GAUGES, type GaugeName } from "#src/telemetry/metric-list.ts";

const installed = spawnSync("promtool", ["--version"]).status === 0;

if (!installed) process.stderr.write("promtool is not installed: its tests are skipped\n");
const whereInstalled = installed ? test : test.skip;

whereInstalled("promtool finds nothing wrong with the shipped rules", () => {
  const { status, stdout, stderr } = spawnSync(
    "promtool",
    ["check", "rules", "config/monitoring/prometheus-rules.yaml"],
    {
      encoding: "utf8",
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("SUCCESS");
});

whereInstalled("promtool finds nothing wrong with the metrics, every one of them with a value", async () => {
  const metrics = createMetrics({
    countMessages: async () => [{ channel: "c", state: "filed", count: 1 }],
    stageBacklogs: async () => [],
    oldestUnfiled: async () => new Date(0),
    now: Date.now,
  });
  const every = (labels: readonly string[]) => Object.fromEntries(labels.map((label) => [label, "x"])) as never;
  for (const [name, { labels }] of Object.entries(COUNTERS))
    metrics.count(name as keyof typeof COUNTERS, every(labels));
  for (const [name, { labels }] of Object.entries(GAUGES)) metrics.gauge(name as GaugeName, every(labels), () => 1);
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: await metrics.render(),
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});
