import { EVENTS } from "./events/index.ts";
import { COUNTERS, GAUGES, type MetricEntry } from "./metric-list.ts";

/** docs/telemetry.md: every log event and every metric that is counted or offered. Written by `botenstoff generate`. */
export function renderTelemetryReference(): string {
  const events = Object.entries(EVENTS).map(
    ([name, { levels, meaning, remedy }]) => `### \`${name}\`\n\n${levels.join(", ")}. ${meaning} Do: ${remedy}\n`,
  );
  const metrics = (kind: string, suffix: string, list: Readonly<Record<string, MetricEntry>>) =>
    Object.entries(list).map(
      ([name, { help, labels }]) =>
        `### \`botenstoff_${name}${suffix}\`\n\n${kind}${labels.length === 0 ? "" : ` by ${labels.join(", ")}`}. ${help}\n`,
    );
  return `# Telemetry

Log events and metrics are closed lists; a name that is not in them does not compile. Both carry ids, codes and counts
only. This page is written from the lists by \`botenstoff generate\`, and a test fails while it is stale. The gauges read
from the store (\`botenstoff_messages\`, \`botenstoff_lanes\`, …) explain themselves in \`/metrics\`.

## Log events

Each line is JSON with \`level\`, \`time\`, \`event\` and the fields named by the event.

${events.join("\n")}
## Metrics

${[...metrics("Counter", "_total", COUNTERS), ...metrics("Gauge", "", GAUGES)].join("\n")}`;
}
