import { isCharset } from "#src/hl7/charset.ts";
import { headerField, type Hl7Message } from "#src/hl7/message.ts";
import type { OutputFault } from "../destination.ts";
import type { MllpDestinationConfig } from "./config.ts";
import { readHeader } from "./header.ts";

const CONDITIONS = ["", "AL", "NE", "ER", "SU"];

/** What of a header could not be sent, or not be told when it has arrived. */
export function faultsOf(made: Hl7Message, { charset, settle_on_write: settles }: MllpDestinationConfig) {
  const faults: OutputFault[] = [];
  const named = headerField(made, 18);
  if (charset === undefined && !isCharset(named)) {
    faults.push({ field: "MSH-18", message: `MSH-18 names no character set that can be written: "${named}"` });
  }
  for (const field of ["MSH-15", "MSH-16"]) {
    const value = headerField(made, Number(field.slice(4)));
    if (!CONDITIONS.includes(value)) faults.push({ field, message: `${field} is none of AL, NE, ER, SU: "${value}"` });
  }
  try {
    readHeader(made, settles);
  } catch (error) {
    const reason = Error.isError(error) ? error.message : String(error);
    faults.push({ field: "MSH-16", message: `${reason}; set settle_on_write, or ask for one` });
  }
  return faults;
}
