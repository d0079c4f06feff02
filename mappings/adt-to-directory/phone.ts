import { getCountryCallingCode, parsePhoneNumberFromString } from "libphonenumber-js";
import type { CountryCode, PhoneNumber } from "libphonenumber-js";
import type { Repetition } from "./field.ts";
import { component } from "./field.ts";

/** Table 0201: an emergency contact's, an e-mail address, a pager. Not a number the patient writes from. */
const FOREIGN_USES = new Set(["EMR", "NET", "BPN"]);
/** Table 0202: nobody writes from these. */
const FOREIGN_EQUIPMENT = new Set(["FX", "MD", "BP", "Internet", "X.400"]);
/** Shorter than any subscriber number with country and area code: an extension or a fragment. */
const SHORTEST = 9;

/**
 * The E.164 digits (without "+") of an XTN, or undefined when it holds no number that can be trusted. Prefers the parts
 * 5–8 (country, area, local, extension), then 12, then 1. A number that may lack its area code is dropped: completed
 * wrongly it would be a stranger's.
 */
export function phoneOf(xtn: Repetition, country: CountryCode): string | undefined {
  if (FOREIGN_USES.has(component(xtn, 2)) || FOREIGN_EQUIPMENT.has(component(xtn, 3))) {
    return undefined;
  }
  const candidates = [fromParts(xtn), component(xtn, 12), component(xtn, 1)];
  for (const candidate of candidates) {
    const digits = normalise(candidate, country);
    if (digits !== undefined) {
      return digits;
    }
  }
  return undefined;
}

function fromParts(xtn: Repetition): string {
  const digits = (index: number): string => component(xtn, index).replaceAll(/\D/g, "");
  const [countryCode, area, local, extension] = [digits(5), digits(6), digits(7), digits(8)];
  if (local === "" || (countryCode === "" && area === "")) {
    return component(xtn, 7);
  }
  // "No leading zero in 5 and 6" (wiki.hl7.de V25dt:XTN); practice writes them all the same.
  const national = `${area === "" ? local.replace(/^0+/, "") : area.replace(/^0+/, "") + local}${extension}`;
  return countryCode === "" ? `0${national}` : `+${countryCode.replace(/^0+/, "")}${national}`;
}

/**
 * International with "+" or "00", national with the trunk prefix, or with the country code alone where that is a valid
 * number; anything else may lack its area code.
 */
function normalise(text: string, country: CountryCode): string | undefined {
  const bare = text.replace(/\(0\)/, "").trim();
  const parsed = parsePhoneNumberFromString(bare, country);
  if (bare.startsWith("+") || isComplete(bare, parsed)) return digitsOf(parsed);
  const withCode = bare.startsWith(getCountryCallingCode(country)) ? parsePhoneNumberFromString(`+${bare}`) : undefined;
  return withCode?.isValid() ? digitsOf(withCode) : undefined;
}

/** Whether a number written without "+" begins as the country writes complete ones ("0" in Germany). */
function isComplete(bare: string, parsed: PhoneNumber | undefined): boolean {
  const trunk = /^\D*(0*)/.exec(parsed?.formatNational() ?? "")?.[1] ?? "";
  return bare.replace(/^\D+/, "").startsWith(trunk === "" ? "" : trunk);
}

function digitsOf(parsed: PhoneNumber | undefined): string | undefined {
  const digits = parsed?.isPossible() ? parsed.number.slice(1) : "";
  return digits.length < SHORTEST ? undefined : digits;
}
