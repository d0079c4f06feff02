import { BotenstoffError } from "#src/message/error-code.ts";
import type { PlacedRecord } from "./person.ts";

/**
 * What one person may have: many times what any hospital's oldest patient has, and little enough that each further message
 * about them is quick.
 */
const MOST_RECORDS = 2_000;
const MOST_IDENTIFIERS = 5_000;
/** Numbers one case had, one after the other. */
const MOST_NUMBERS = 1_000;

/** @throws BotenstoffError HL7_TOO_MANY when the person of these records has more than anybody can */
export function checkSize(records: readonly PlacedRecord[]): void {
  const identifiers = records.reduce((sum, { record }) => sum + record.identifiers.length, 0);
  if (records.length <= MOST_RECORDS && identifiers <= MOST_IDENTIFIERS) return;
  throw new BotenstoffError(
    "HL7_TOO_MANY",
    `applying to the directory: PID-3 and MRG-1 gave one patient more than ${MOST_IDENTIFIERS} identifiers or ${MOST_RECORDS} merges`,
  );
}

/** @throws BotenstoffError HL7_TOO_MANY when a case has had more numbers than any can */
export function checkNumbers(count: number): void {
  if (count <= MOST_NUMBERS) return;
  throw new BotenstoffError(
    "HL7_TOO_MANY",
    `applying to the directory: PV1-19 and MRG-5 gave one case more than ${MOST_NUMBERS} numbers`,
  );
}
