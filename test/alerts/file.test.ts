import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadAlerts } from "#src/alerts/load.ts";
import { renderPrometheusRules } from "#src/alerts/prometheus.ts";

describe("the alerts file", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "botenstoff-alerts-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test("that is shipped is right, and every rule has a form for Prometheus", async () => {
    const loaded = await loadAlerts("config/alerts.yaml", {}, "error");
    if (!("alerts" in loaded)) throw new Error(JSON.stringify(loaded.problems));
    const rendered = renderPrometheusRules(loaded.alerts);
    for (const { id } of loaded.alerts.rules) expect(rendered).toContain(`alert: ${id}\n`);
  });

  test.each([
    ["metric: botenstoff_nothing", /:8:13 rules\.0\.metric: No such metric/],
    ["metric: botenstoff_lanes_parked\n    above: 1\n    below: 2", /rules\.0\.above: Exactly one of above and below/],
    ["metric: botenstoff_lanes_parked\n    abov: 1", /:9:5 rules\.0\.abov: Unrecognized key/],
    ["metric: botenstoff_lanes_parked\n    above: 1\n    for: soon", /rules\.0\.for: Expected an ISO 8601 duration/],
  ])("names the place of what is wrong: %s", async (line, said) => {
    const file = join(directory, "alerts.yaml");
    const head =
      "targets: []\nrules:\n  - id: one\n    severity: warning\n    title: { de: a, en: a }\n    remedy:\n      { de: b, en: b }\n    ";
    await writeFile(file, `${head}${line}\n`);
    const loaded = await loadAlerts(file, {}, "error");
    if ("alerts" in loaded) throw new Error("it was taken");
    const texts = loaded.problems.map((one) => `:${one.line}:${one.column} ${one.path}: ${one.message}`);
    expect(texts.join("\n")).toMatch(said);
  });

  test("tells nobody over plain HTTP off this machine, unless it says why", async () => {
    const file = join(directory, "alerts.yaml");
    const told = (more: string) =>
      `targets:\n  - id: duty\n    webhook: { url: "http://chat.example/hook"${more} }\nrules: []\n`;
    await writeFile(file, told(""));
    const loaded = await loadAlerts(file, {}, "error");
    expect(loaded).toMatchObject({
      problems: [{ line: 3, path: "targets.0.webhook.url", message: expect.stringContaining("insecure: <reason>") }],
    });
    await writeFile(file, told(', insecure: "the chat has no TLS in this network"'));
    expect(await loadAlerts(file, {}, "error")).toHaveProperty("alerts");
  });
});
