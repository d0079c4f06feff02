import { describe, expect, test } from "@jest/globals";
import { Evaluation, type Sample } from "#src/alerts/evaluate.ts";
import { alertsFile, type AlertRule } from "#src/alerts/file.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const words = { de: "x", en: "x" };
const ruleOf = (own: object): AlertRule => {
  const rule = { id: "r", severity: "warning", title: words, remedy: words, ...own };
  return alertsFile.parse({ rules: [rule] }).rules[0]!;
};
const parked = (value: number): Sample[] => [
  { metric: "botenstoff_lanes_parked", labels: { stage: "chart", channel: "a" }, value },
];
const failures = (value: number): Sample[] => [
  { metric: "botenstoff_signature_failures_total", labels: { channel: "a" }, value },
];

describe("a rule", () => {
  test("fires once it has held for as long as it says, and not while it holds for less", () => {
    const evaluation = new Evaluation(NOW);
    const rules = [ruleOf({ metric: "botenstoff_lanes_parked", above: 0, for: "PT1M" })];
    expect(evaluation.round(rules, parked(1), "UTC", NOW)).toEqual([]);
    expect(evaluation.round(rules, parked(0), "UTC", NOW + 30_000)).toEqual([]);
    expect(evaluation.round(rules, parked(1), "UTC", NOW + 45_000)).toEqual([]);
    expect(evaluation.round(rules, parked(1), "UTC", NOW + 105_000)).toMatchObject([
      { subject: "channel=a,stage=chart", value: 1 },
    ]);
  });

  test("about an increase sees a counter's first event, forgets what is long ago and survives a restart", () => {
    const evaluation = new Evaluation(NOW);
    const rules = [ruleOf({ metric: "botenstoff_signature_failures_total", above: 5, over: "PT10M" })];
    expect(evaluation.round(rules, failures(6), "UTC", NOW + 15_000)).toHaveLength(1);
    expect(evaluation.round(rules, failures(6), "UTC", NOW + 700_000)).toEqual([]);
    expect(evaluation.round(rules, failures(2), "UTC", NOW + 715_000)).toEqual([]);
    expect(evaluation.round(rules, failures(9), "UTC", NOW + 730_000)).toHaveLength(1);
  });

  test("about too few events fires when there is none at all", () => {
    const evaluation = new Evaluation(NOW);
    const rules = [ruleOf({ metric: "botenstoff_webhook_requests_total", below: 1, over: "PT1H", for: "PT1H" })];
    expect(evaluation.round(rules, [], "UTC", NOW + 60_000)).toEqual([]);
    expect(evaluation.round(rules, [], "UTC", NOW + 3_700_000)).toMatchObject([{ subject: "" }]);
  });

  test("with hours fires only in them, in the file's time zone", () => {
    const hours = { days: ["mon"], from: "10:00", to: "11:00" };
    const rules = [ruleOf({ metric: "botenstoff_lanes_parked", above: 0, hours })];
    expect(new Evaluation(NOW).round(rules, parked(1), "UTC", NOW)).toEqual([]);
    expect(new Evaluation(NOW).round(rules, parked(1), "Europe/Berlin", NOW)).toHaveLength(1);
    expect(new Evaluation(NOW).round(rules, parked(1), "Europe/Berlin", NOW + 86_400_000)).toEqual([]);
  });
});
