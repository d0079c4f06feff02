import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { accessFile } from "#src/access/settings.ts";
import { parse } from "yaml";
import { renderAlertsSchema } from "#src/alerts/json-schema.ts";
import { alertsFile } from "#src/alerts/file.ts";
import { renderGrafanaDashboard } from "#src/alerts/grafana.ts";
import { renderPrometheusRules } from "#src/alerts/prometheus.ts";
import { openApiDocument } from "#src/api/openapi.ts";
import { withRoutes } from "#src/api/route-reference.ts";
import { withMatrix } from "#src/audit/matrix.ts";
import { DESCRIBED } from "#src/api/routes/index.ts";
import { renderChannelSchema, renderSchema } from "#src/channel/json-schema.ts";
import { renderErrorReference } from "#src/message/error-reference.ts";
import { renderTelemetryReference } from "#src/telemetry/reference.ts";

interface Generated {
  /** In this checkout. */
  readonly path: string;
  /** @param before what the file says now, for pages that are written by hand but for a part */
  readonly render: (before: string) => string;
}

/** Every file that is made from the code. */
export const GENERATED: readonly Generated[] = [
  { path: "config/channel.schema.json", render: renderChannelSchema },
  { path: "config/access.schema.json", render: () => renderSchema("Who may sign in, and as what", accessFile) },
  { path: "config/alerts.schema.json", render: renderAlertsSchema },
  { path: "config/monitoring/prometheus-rules.yaml", render: () => renderPrometheusRules(shippedAlerts()) },
  { path: "config/monitoring/grafana-dashboard.json", render: renderGrafanaDashboard },
  { path: "config/openapi.json", render: () => `${JSON.stringify(openApiDocument(DESCRIBED), null, 2)}\n` },
  { path: "docs/errors.md", render: renderErrorReference },
  { path: "docs/telemetry.md", render: renderTelemetryReference },
  { path: "docs/api.md", render: (before) => withRoutes(before, DESCRIBED) },
  { path: "docs/access.md", render: (before) => withMatrix(before) },
];

function shippedAlerts() {
  const text = readFileSync(new URL("../../config/alerts.yaml", import.meta.url), "utf8");
  return alertsFile.parse(parse(text));
}

/** `botenstoff generate`: rewrites what is made from the code. */
export async function generateCommand(write: (line: string) => void): Promise<0> {
  for (const { path, render } of GENERATED) {
    const file = new URL(`../../${path}`, import.meta.url);
    await writeFile(file, render(await readFile(file, "utf8").catch(() => "")));
    write(path);
  }
  return 0;
}
