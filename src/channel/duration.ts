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
