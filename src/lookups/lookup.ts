import { parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js";
import type { CaseUpdate, PatientUpdate } from "#src/message/directory.ts";

/** A patient as the KIS tells it when asked; `phones` are all numbers of its own, E.164 digits. */
export interface FoundPatient extends Omit<PatientUpdate, "phones"> {
  readonly phones: readonly string[];
  /** Cases, where they were asked for. */
  readonly cases?: readonly CaseUpdate[];
}

/** Asks the KIS who carries a number, where no ADT feed tells. */
export interface PatientLookup {
  /** How long an answer holds, "nobody" included. */
  readonly freshForMs: number;
  /**
   * Every patient who carries the number (E.164 digits), each verified by its own numbers: a server may answer more than
   * it was asked. @throws BotenstoffError when there is no answer: then nobody is identified, the message waits
   */
  find(phone: string, signal: AbortSignal): Promise<readonly FoundPatient[]>;
  close(): Promise<void>;
}

/** The ways a KIS may have written the number: searches compare text. */
export function spellings(phone: string, country: CountryCode): readonly string[] {
  const parsed = parsePhoneNumberFromString(`+${phone}`);
  const national =
    parsed?.country === country ? [parsed.formatNational(), parsed.formatNational().replace(/\D/g, "")] : [];
  return [...new Set([`+${phone}`, `00${phone}`, phone, parsed?.formatInternational() ?? "", ...national])].filter(
    Boolean,
  );
}
