import { BotenstoffError } from "#src/message/error-code.ts";
import type { ParsedMessage } from "./parse.ts";

/** A place of a message that repeats more often than any sender has reason to. */
export interface Excess {
  readonly segment: string;
  readonly field?: number;
  readonly text: string;
}

/** The segments of which anything is read. */
const READ = ["MSH", "EVN", "PID", "PV1", "MRG"];
/** Patients or cases of one message: merges in bulk come by tens. */
const MOST_SEGMENTS = 200;
/** Repetitions of a field: a patient of many years and hospitals has dozens of identifiers. */
const MOST_REPETITIONS = 1_000;
/** Components and subcomponents of a field, of all its repetitions together. */
const MOST_PARTS = 30_000;
/** Identifiers that are read, those of a PID again for every MRG that belongs to it. */
const MOST_IDENTIFIERS = 5_000;

/** The first place where a message passes the limits; looked for before anything of it is cut into its parts. */
export function excessOf(message: ParsedMessage): Excess | undefined {
  const { repetition, component, subcomponent } = message.delimiters;
  const counts = new Map<string, number>();
  for (const name of message.segments) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const segment of READ) {
    const count = counts.get(segment) ?? 0;
    if (count > MOST_SEGMENTS) return { segment, text: `${segment} repeats more than ${MOST_SEGMENTS} times` };
    for (let nth = 0; nth < count; nth += 1) {
      // MSH-1 and MSH-2 are the delimiters.
      for (let field = segment === "MSH" ? 3 : 1; field <= message.fieldCount(segment, nth); field += 1) {
        const raw = message.raw(segment, field, nth);
        const repetitions = occurrences(raw, repetition);
        if (repetitions >= MOST_REPETITIONS)
          return tooMany(segment, field, `repeats more than ${MOST_REPETITIONS} times`);
        const parts = repetitions + occurrences(raw, component) + occurrences(raw, subcomponent);
        if (parts >= MOST_PARTS) return tooMany(segment, field, `has more than ${MOST_PARTS} parts`);
      }
    }
  }
  const identifiers = (occurrences(message.raw("PID", 3), repetition) + 1) * Math.max(counts.get("MRG") ?? 0, 1);
  if (identifiers <= MOST_IDENTIFIERS) return undefined;
  return tooMany("PID", 3, `and MRG together give more than ${MOST_IDENTIFIERS} identifiers`);
}

/** @throws BotenstoffError HL7_TOO_MANY naming segment and field */
export function refuseExcess(message: ParsedMessage, doing: string): void {
  const excess = excessOf(message);
  if (excess) throw new BotenstoffError("HL7_TOO_MANY", `${doing}: ${excess.text}`);
}

function tooMany(segment: string, field: number, what: string): Excess {
  return { segment, field, text: `${segment}-${field} ${what}` };
}

function occurrences(text: string, sign: string): number {
  if (sign === "") return 0;
  let count = 0;
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) count += 1;
  return count;
}
