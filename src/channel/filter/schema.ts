import { z } from "zod";
import { STATES } from "./calendar.ts";
import { CALENDAR, compileFilter } from "./filter.ts";
import { PathFault } from "#src/message/path/parse.ts";

const HOLIDAY = new RegExp(`^(DE(-(${STATES.join("|")}))?|(\\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01]))$`);

/** An expression that compiles; a fault of it is shown where it stands. */
export const filter = z.string().superRefine((text, context) => {
  try {
    compileFilter(text);
  } catch (error) {
    const message = Error.isError(error) ? error.message : String(error);
    const params = error instanceof PathFault ? { offset: error.offset } : {};
    context.addIssue({ code: "custom", message, params });
  }
});

export const timezone = z
  .string()
  .refine(isTimeZone, "Not a time zone's name, such as Europe/Berlin")
  .default(CALENDAR.timeZone)
  .describe("The clock of the filter, IANA name.");

export const holidays = z
  .array(z.string().regex(HOLIDAY, 'Expected "DE", "DE-BY", a date ("2026-12-24") or a day of every year ("12-24")'))
  .default([])
  .describe("When the filter's %holiday is true: holidays of Germany, of one of its states, and days of your own.");

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
