import type { CountryCode } from "libphonenumber-js";
import type { Identifier, PatientUpdate } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { component, DELETED, identifierOf, isDeleted } from "./field.ts";
import type { Fields, Repetition } from "./field.ts";
import { phoneOf } from "./phone.ts";
import { dateOf } from "./time.ts";

/** Table 0203: a case or an account, not a person. */
export const CASE_TYPES: ReadonlySet<string> = new Set(["VN", "AN"]);
/** Where the patient's own numbers stand: home, business, and from v2.7 all of them. NK1 and GT1 are other people. */
const PHONE_FIELDS = [13, 14, 40];

/** What PID says about the person: an empty field is silent, `""` deletes (HL7 v2.5.1 2.5.3.5). */
export function patientOf(fields: Fields, country: CountryCode): PatientUpdate {
  const [name] = namesOf(fields);
  const given = {
    familyName: textOf(name, 1),
    givenName: isDeleted(name) ? null : textOf(name, 2),
    birthDate: dateFrom(fields("PID", 7)[0]),
    sex: textOf(fields("PID", 8)[0], 1),
    phones: phonesOf(fields, country),
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { identifiers: personIdentifiers(fields), ...said };
}

function personIdentifiers(fields: Fields): Identifier[] {
  const identifiers = fields("PID", 3)
    .map((cx) => identifierOf(cx))
    .filter(({ value, type }) => value !== "" && value !== DELETED && !CASE_TYPES.has(type));
  if (identifiers.length === 0) {
    throw new BotenstoffError("HL7_FIELD_MISSING", "mapping adt-to-directory: PID-3 is missing");
  }
  return identifiers;
}

/** The legal name, or the first where none says that it is. */
function namesOf(fields: Fields): readonly Repetition[] {
  const names = fields("PID", 5);
  const legal = names.filter((name) => ["L", ""].includes(component(name, 7)));
  return legal.length > 0 ? legal : names;
}

function phonesOf(fields: Fields, country: CountryCode): string[] | undefined {
  const numbers = PHONE_FIELDS.flatMap((field) => fields("PID", field));
  const phones = numbers.flatMap((xtn) => phoneOf(xtn, country) ?? []);
  // An e-mail address alone says nothing about phone numbers and must not delete them.
  return phones.length > 0 || numbers.some(isDeleted) ? [...new Set(phones)] : undefined;
}

function textOf(repetition: Repetition | undefined, index: number): string | null | undefined {
  const text = repetition ? component(repetition, index) : "";
  return text === "" ? undefined : text === DELETED ? null : text;
}

function dateFrom(repetition: Repetition | undefined): string | null | undefined {
  const text = textOf(repetition, 1);
  return typeof text === "string" ? dateOf(text) : text;
}
