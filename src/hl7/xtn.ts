import type { CountryCode } from "libphonenumber-js";
import { namesNobody, phoneNumberOf, phoneNumbersIn } from "#src/message/phone-number.ts";
import { component, DELETED } from "./cx.ts";
import type { Repetition } from "./parse.ts";

/** Table 0201: an emergency contact's, an answering service's, a pager. Not a number the patient writes from. */
const FOREIGN_USES = new Set(["EMR", "ASN", "BPN"]);
/** Table 0202: nobody writes from these. */
const FOREIGN_EQUIPMENT = new Set(["FX", "MD", "BP"]);
/** Components of free text: the whole number, the local one, its extension, the unformatted number. */
const SPELLED_OUT = [1, 7, 8, 12];
const MAIL_EQUIPMENT = new Set(["INTERNET", "X.400"]);

/** Whether an XTN speaks of something else than a telephone: then it says nothing about numbers. */
export function isMail(xtn: Repetition): boolean {
  return (
    component(xtn, 2).toUpperCase() === "NET" ||
    MAIL_EQUIPMENT.has(component(xtn, 3).toUpperCase()) ||
    component(xtn, 1).includes("@")
  );
}

/** Whether an XTN says anything about a number; an explicit null does. */
export function hasNumber(xtn: Repetition): boolean {
  return [1, 5, 6, 7, 12].some((index) => component(xtn, index) !== "") || /\d/.test(inMail(xtn));
}

/** XTN-4 is the e-mail address; some senders write the number one component too late. */
function inMail(xtn: Repetition): string {
  const said = text(xtn, 4);
  return said.includes("@") ? "" : said;
}

/** Why a number in an XTN is not taken for the patient's: a word beside it, or it is not complete. */
export type Unread = "word" | "incomplete";

/** Undefined where there is no number, or one that is meant for something else (a fax, an e-mail address). */
export function unreadReason(xtn: Repetition, country: CountryCode, words?: ReadonlySet<string>): Unread | undefined {
  if (isMail(xtn) || isForeign(xtn) || phonesOf(xtn, country, words).length > 0) return undefined;
  const spelled = [...SPELLED_OUT, 4, 9].map((index) => text(xtn, index));
  if (![...spelled, text(xtn, 6)].some((part) => /\d/.test(part))) return undefined;
  return spelled.every((part) => namesNobody(part.replaceAll(/[xb](?=\d)/gi, ""), words)) ? "incomplete" : "word";
}

function isForeign(xtn: Repetition): boolean {
  return FOREIGN_USES.has(component(xtn, 2).toUpperCase()) || FOREIGN_EQUIPMENT.has(component(xtn, 3).toUpperCase());
}

/**
 * The E.164 digits (without "+") of an XTN; [] when it holds no number that can be trusted to be the patient's. Prefers
 * the parts 5–8 (country, area, local, extension), then 12, then 1 (HL7 v2.5.1 2.A.89).
 */
export function phonesOf(xtn: Repetition, country: CountryCode, words?: ReadonlySet<string>): string[] {
  if (isMail(xtn) || isForeign(xtn)) return [];
  // XTN-9 is a remark; what it says about whose number this is counts like a word beside the number itself.
  if (!namesNobody(text(xtn, 9), words)) return [];
  const whole = fromParts(xtn, country);
  // So does one beside the parts, where the same number often stands a second time.
  if (whole !== undefined)
    return SPELLED_OUT.every((index) => namesNobody(withoutMarks(xtn, index), words)) ? [whole] : [];
  for (const spelled of [text(xtn, 12), text(xtn, 1), text(xtn, 7), inMail(xtn)]) {
    const numbers = phoneNumbersIn(spelled, country, words);
    if (numbers.length > 0) return numbers;
  }
  return [];
}

/** "No leading zero in 5 and 6" (wiki.hl7.de V25dt:XTN); practice writes them all the same. */
function fromParts(xtn: Repetition, country: CountryCode): string | undefined {
  const [countryCode, area, local, extension] = [5, 6, 7, 8].map((index) => text(xtn, index).replaceAll(/\D/g, ""));
  if (!local || (!countryCode && !area)) return undefined;
  // Without an area code in its field, the local number has to bring it along.
  const national = (area ?? "") + local;
  const part = { countryCode: countryCode ?? "", national };
  // A German Durchwahl is the end of the number; elsewhere an extension is no part of it, and makes it impossible.
  return (
    (extension ? phoneNumberOf({ ...part, national: national + extension }, country) : undefined) ??
    phoneNumberOf(part, country)
  );
}

/** The text of a component without the marks of an extension and a beeper: "(999)999-9999X999B999" (2.A.89). */
function withoutMarks(xtn: Repetition, index: number): string {
  return text(xtn, index).replaceAll(/[xb](?=\d)/gi, "");
}

function text(xtn: Repetition, index: number): string {
  const value = component(xtn, index);
  return value === DELETED ? "" : value;
}
