import { stringify } from "yaml";
import { millis, type AlertRule, type AlertsFile } from "./file.ts";

/** The same rules for who lets Prometheus and Alertmanager do it. Opening hours are left to Alertmanager's routes. */
export function renderPrometheusRules({ rules }: AlertsFile): string {
  const groups = [
    {
      name: "botenstoff",
      rules: rules.map((rule) => ({
        alert: rule.id,
        expr: expressionOf(rule),
        ...(millis(rule.for) > 0 && { for: `${millis(rule.for) / 1_000}s` }),
        labels: { severity: rule.severity },
        annotations: { summary: rule.title.en, description: rule.remedy.en },
      })),
    },
  ];
  return `# Made from config/alerts.yaml by \`botenstoff generate\`.\n${stringify({ groups }, { lineWidth: 120 })}`;
}

function expressionOf({ metric, where = {}, above, below, over }: AlertRule): string {
  const labels = Object.entries(where).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const selector = labels.length === 0 ? metric : `${metric}{${labels.join(",")}}`;
  const value = over === undefined ? selector : `increase(${selector}[${millis(over) / 1_000}s])`;
  return above === undefined ? `${value} < ${below ?? 0}` : `${value} > ${above}`;
}
