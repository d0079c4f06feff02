import { pino } from "pino";
import type { Log } from "#src/pipeline/deps.ts";

/** Structured JSON lines on stdout: event names and ids, never anything personal. */
export function createLog(level = process.env["LOG_LEVEL"] ?? "info"): Log {
  const logger = pino({
    level,
    base: null,
    messageKey: "event",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
  return (severity, event, fields) => logger[severity](fields ?? {}, event);
}
