import type { CountryCode } from "libphonenumber-js";
import type { Identifier, PatientUpdate, Remark } from "#src/message/directory.ts";
import { component, DELETED, identifiersIn, isDeleted } from "./cx.ts";
import type { CxRules, Fields } from "./cx.ts";
import { dateOf } from "./instant.ts";
import type { Repetition } from "./parse.ts";
import { hasNumber, isMail, phonesOf, unreadReason } from "./xtn.ts";

/** Table 0203: a case or an account, not a person. */
export const CASE_TYPES: ReadonlySet<string> = new Set(["VN", "AN", "ANC", "AND", "ANT"]);
/** Table 0203: the hospital's own number of a person, of which each authority gives them one. */
export const OWN_TYPES: ReadonlySet<string> = new Set(["PI", "MR"]);
/** Where the patient's own numbers stand: home, business, and from v2.7 all of them. NK1 and GT1 are other people. */
const PHONE_FIELDS = [13, 14, 40];

/** XPN: what stands beside family and given name. */
const NAME_PARTS = [
  ["furtherGivenNames", 3],
  ["nameSuffix", 4],
  ["namePrefix", 5],
  ["degree", 6],
] as const;

/** How a PID is read: `country` completes national phone numbers. */
export interface PidRules extends CxRules {
  readonly country: CountryCode;
  /** Words beside a number that name nobody; absent: the engine's own list. */
  readonly phoneWords?: ReadonlySet<string>;
}

/**
 * What the n-th PID says about the person: an empty field is silent, `""` deletes (HL7 v2.5.1 2.5.3.5). `identifiers`
 * is empty when it names nobody.
 */
export function patientOf(fields: Fields, rules: PidRules, nth = 0): PatientUpdate {
  const [name] = namesOf(fields, nth);
  const given = {
    familyName: textOf(name, 1),
    givenName: isDeleted(name) ? null : textOf(name, 2),
    ...Object.fromEntries(NAME_PARTS.map(([part, index]) => [part, isDeleted(name) ? null : textOf(name, index)])),
    birthDate: dateFrom(fields("PID", 7, nth)[0]),
    sex: textOf(fields("PID", 8, nth)[0], 1),
    deceased: deathOf(fields, nth),
    phones: phonesByField(fields, rules, nth),
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { identifiers: personIdentifiers(fields, rules, nth), ...said };
}

/** PID-3; PID-2, where it stood before v2.3.1 and i.s.h.med still writes it, when PID-3 names no person. */
function personIdentifiers(fields: Fields, rules: CxRules, nth: number): Identifier[] {
  for (const field of [3, 2]) {
    const persons = identifiersIn(fields("PID", field, nth), rules).filter(({ type }) => !CASE_TYPES.has(type));
    if (persons.length > 0) return persons;
  }
  return [];
}

/** The legal name, or the first where none says that it is. */
function namesOf(fields: Fields, nth: number): readonly Repetition[] {
  const names = fields("PID", 5, nth);
  const legal = names.filter((name) => ["L", ""].includes(component(name, 7)));
  return legal.length > 0 ? legal : names;
}

/**
 * The numbers each field gives. A field is replaced as a whole, so one that only has numbers nobody can trust takes the
 * old ones away; one with nothing but an e-mail address, or codes without a number (`^PRN^CP`), is silent.
 */
function phonesByField(fields: Fields, { country, phoneWords }: PidRules, nth: number): PatientUpdate["phones"] {
  const said = PHONE_FIELDS.map((field) => [`PID-${field}`, fields("PID", field, nth)] as const)
    .filter(([, numbers]) => numbers.some((xtn) => hasNumber(xtn) && !isMail(xtn)))
    .map(
      ([field, numbers]) =>
        [field, [...new Set(numbers.flatMap((xtn) => phonesOf(xtn, country, phoneWords)))]] as const,
    );
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** The numbers of the n-th PID that are not used, by their place. */
export function unreadPhones(fields: Fields, { country, phoneWords }: PidRules, nth = 0): Remark[] {
  return PHONE_FIELDS.flatMap((field) =>
    fields("PID", field, nth).flatMap((xtn) => {
      const reason = unreadReason(xtn, country, phoneWords);
      return reason === undefined ? [] : [{ place: `PID-${field}`, reason }];
    }),
  );
}

/** PID-30, or a time of death without it; "N" takes it back. */
function deathOf(fields: Fields, nth: number): string | null | undefined {
  const said = textOf(fields("PID", 30, nth)[0], 1);
  if (said !== undefined) return said === "Y" ? said : null;
  const at = textOf(fields("PID", 29, nth)[0], 1);
  return typeof at === "string" ? "Y" : at;
}

function textOf(repetition: Repetition | undefined, index: number): string | null | undefined {
  const text = component(repetition, index);
  return text === "" ? undefined : text === DELETED ? null : text;
}

function dateFrom(repetition: Repetition | undefined): string | null | undefined {
  const text = textOf(repetition, 1);
  return typeof text === "string" ? dateOf(text) : text;
}
