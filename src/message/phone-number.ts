import { getCountryCallingCode, getExampleNumber, parsePhoneNumberFromString } from "libphonenumber-js";
import type { CountryCode, PhoneNumber } from "libphonenumber-js";
import examples from "libphonenumber-js/mobile/examples";
import { PHONE_WORDS } from "./phone-words.ts";

/** Shorter than any subscriber number with country and area code: an extension or a fragment. */
const SHORTEST = 9;
/** Where a few thousand people share a country code of three digits. */
const SHORTEST_OF_SMALL = 7;
/** The longest text of an XTN (HL7 v2.5.1 2.A.89); a longer one is no number, and reading it could take long. */
const LONGEST = 250;
/** German mobile networks, as people write them before the number: their digit is none of it. */
const NETWORKS = /(?<![\p{L}\d])(?:[de][12]|o2)(?=[\s:.,]|-netz)(?:-netz)?/gu;
/** Two numbers in one text. A slash alone separates the area code (0171/1234567), with blanks around it two numbers. */
const SEPARATORS = /[,;\n]| \/ |\boder\b|\bod\.|\bbzw\.?|\bund\b|\bu\.|\bor\b|\band\b/u;

/**
 * The numbers in free text as E.164 digits without "+". Trusted are: international with "+" or "00", national with the
 * trunk prefix, and the country code alone where that is a valid number. A number that may lack its area code is
 * dropped: completed wrongly it would be a stranger's. So is one beside a word that may name another person.
 */
export function phoneNumbersIn(text: string, country: CountryCode, words = PHONE_WORDS): string[] {
  if (text.length > LONGEST) return [];
  const parts = text.normalize("NFC").toLowerCase().replaceAll(NETWORKS, " ").split(SEPARATORS);
  return [...new Set(parts.flatMap((part) => fromText(part, country, words) ?? []))];
}

/** Whether every word of a text only says what kind of number it is about. */
export function namesNobody(text: string, words = PHONE_WORDS): boolean {
  if (text.length > LONGEST) return false;
  const plain = text.normalize("NFC").toLowerCase().replaceAll(NETWORKS, " ");
  return (plain.match(/\p{L}+/gu) ?? []).every((word) => words.has(word));
}

/**
 * The number made of its parts, however many zeros they begin with; undefined when it is not possible. The zero belongs
 * to the number in Italy and some African countries, and is dialled before it elsewhere.
 */
export function phoneNumberOf(
  parts: { readonly countryCode: string; readonly national: string },
  country: CountryCode,
): string | undefined {
  const code = parts.countryCode.replace(/^0+/, "") || getCountryCallingCode(country);
  const bare = parts.national.replace(/^0+/, "");
  return digitsOf(best([`+${code}${parts.national}`, `+${code}${bare}`, `+${code}0${bare}`].map(international)));
}

/** The first that is valid, else the first that is possible. */
function best(candidates: readonly (PhoneNumber | undefined)[]): PhoneNumber | undefined {
  return candidates.find((one) => one?.isValid()) ?? candidates.find((one) => one?.isPossible());
}

/** What many address books add to a number that is no part of it: Mexico's "1" after 52, a zero before Italian mobiles. */
const ADDED: readonly [RegExp, string][] = [
  [/^\+521(\d{10})$/, "+52$1"],
  [/^\+390(3\d{9})$/, "+39$1"],
];

function international(text: string): PhoneNumber | undefined {
  const digits = `+${text.replaceAll(/\D/g, "")}`;
  const rule = ADDED.find(([pattern]) => pattern.test(digits));
  return parsePhoneNumberFromString(rule ? digits.replace(rule[0], rule[1]) : text);
}

function fromText(text: string, country: CountryCode, words: ReadonlySet<string>): string | undefined {
  if (!namesNobody(text, words)) return undefined;
  const bare = text
    .replace(/[^\d+/() -]+/gu, " ")
    .trim()
    // Dialled instead of "+" in most countries, and written in all.
    .replace(/^\(?00/, "+");
  // "(0)" is part of the number in Italy, and dialled only at home elsewhere.
  if (bare.startsWith("+")) return digitsOf(best([bare, bare.replace("(0)", "")].map(international)));
  const national = bare.replace("(0)", "");
  const parsed = parsePhoneNumberFromString(national, country);
  if (isComplete(national, parsed, country)) return digitsOf(parsed);
  const withCode = national.startsWith(getCountryCallingCode(country)) ? international(`+${national}`) : undefined;
  return withCode?.isValid() ? digitsOf(withCode) : undefined;
}

/**
 * Whether a number written without "+" begins as the country writes complete ones ("0" in Germany): as this one is
 * written, and as the country's mobiles are, for a fragment is formatted without the zero.
 */
function isComplete(bare: string, parsed: PhoneNumber | undefined, country: CountryCode): boolean {
  const trunkOf = (number: PhoneNumber | undefined) => /^\D*(0*)/.exec(number?.formatNational() ?? "")?.[1] ?? "";
  const digits = bare.replace(/^\D+/, "");
  return [parsed, getExampleNumber(country, examples)].every((number) => digits.startsWith(trunkOf(number)));
}

function digitsOf(parsed: PhoneNumber | undefined): string | undefined {
  const digits = parsed?.isPossible() ? parsed.number.slice(1) : "";
  const small = digits.length >= SHORTEST_OF_SMALL && parsed?.countryCallingCode.length === 3 && parsed.isValid();
  return digits.length >= SHORTEST || small ? digits : undefined;
}
