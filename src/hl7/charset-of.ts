import { BotenstoffError } from "#src/message/error-code.ts";
import { isCharset, type Charset } from "./charset.ts";
import { headerField, type Hl7Message } from "./message.ts";

/**
 * The character set a message to be written says it is in: MSH-18, first repetition.
 * @throws BotenstoffError MAPPING_FAILED if it names none that can be written
 */
export function charsetOf(message: Hl7Message): Charset {
  const name = headerField(message, 18);
  if (isCharset(name)) return name;
  throw new BotenstoffError(
    "MAPPING_FAILED",
    "writing HL7: MSH-18 names no known character set; set the destination's charset",
  );
}
