import { BotenstoffError } from "#src/message/error-code.ts";
import { isCharset, type Charset } from "./charset.ts";
import type { Hl7Message } from "./message.ts";

/** MSH-18, in the encoder's numbering, where the array begins with MSH-3. */
const MSH_18 = 18 - 3;

/**
 * The character set a message to be written says it is in: MSH-18, first repetition.
 * @throws BotenstoffError MAPPING_FAILED if it names none that can be written
 */
export function charsetOf(message: Hl7Message): Charset {
  const field = message.segments[0]?.fields[MSH_18];
  const name = typeof field === "object" && "repeat" in field ? field.repeat[0] : field;
  if (typeof name === "string" && isCharset(name)) return name;
  throw new BotenstoffError(
    "MAPPING_FAILED",
    "writing HL7: MSH-18 names no known character set; set the destination's charset",
  );
}
