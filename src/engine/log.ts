import { pino } from "pino";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";

const LEVELS = ["debug", "info", "warn", "error"];

/**
 * Structured JSON lines on stdout: event names and ids, never anything personal.
 * @throws BotenstoffError CONFIG_INVALID for a level there is not
 */
export function createLog(level = levelWanted()): Log {
  if (!LEVELS.includes(level))
    throw new BotenstoffError("CONFIG_INVALID", `reading LOG_LEVEL: expected one of ${LEVELS.join(", ")}`);
  const logger = pino({
    level,
    base: null,
    messageKey: "event",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
  return (severity, event, fields) => logger[severity](fields ?? {}, event);
}

function levelWanted(): string {
  const { LOG_LEVEL = "" } = process.env;
  return LOG_LEVEL === "" ? "info" : LOG_LEVEL;
}
