import { z } from "zod";
import { parseDuration } from "#src/message/duration.ts";

/** An ISO 8601 duration, in milliseconds. */
export const duration = z.string().transform((text, context) => {
  try {
    return parseDuration(text);
  } catch {
    context.addIssue({ code: "custom", message: "Not an ISO 8601 duration such as PT24H or P30D" });
    return z.NEVER;
  }
});

const DAY_MS = 86_400_000;

/** The same, where more than so many days is a slip of the pen: nobody waits for `P9999D`. */
export function durationUpTo(days: number) {
  return duration.refine((ms) => ms <= days * DAY_MS, `Longer than ${days} days is no period for this`);
}
