import { z } from "zod";
import { alertsFile } from "./file.ts";

/** config/alerts.schema.json: what editors complete the alerts file from. */
export function renderAlertsSchema(): string {
  return `${JSON.stringify({ title: "Botenstoff alerts", ...z.toJSONSchema(alertsFile, { io: "input" }) }, null, 2)}\n`;
}
