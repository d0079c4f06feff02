import { BotenstoffError } from "./error-code.ts";

const PATTERN = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;
const SECONDS = [365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1];

/**
 * Milliseconds of an ISO 8601 duration ("PT24H", "P30D", "PT1.5S"). A month counts 30 days and a year 365, because a
 * retention period needs a length, not a calendar.
 * @throws BotenstoffError CONFIG_INVALID when the text is no duration
 */
export function parseDuration(text: string): number {
  const match = PATTERN.exec(text);
  const parts: readonly (string | undefined)[] = match?.slice(1) ?? [];
  if (!match || parts.every((part) => part === undefined)) {
    throw new BotenstoffError("CONFIG_INVALID", `reading "${text}": not an ISO 8601 duration such as PT24H or P30D`);
  }
  return parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (SECONDS[index] ?? 0) * 1_000, 0);
}
