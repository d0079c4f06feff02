import type { CountryCode } from "libphonenumber-js";
import type { ContactPoint, Patient } from "@medplum/fhirtypes";
import { FhirClient, type FhirClientSettings } from "#src/wire/fhir/client.ts";
import { survivorOf } from "#src/wire/fhir/replaced.ts";
import { escapeToken, search } from "#src/wire/fhir/search.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { phoneNumbersIn } from "#src/message/phone-number.ts";
import { isSamePhone } from "#src/message/comparable-phone.ts";
import type { FoundPatient, PatientLookup } from "../lookup.ts";
import { casesOf } from "./encounters.ts";
import { identifierOf } from "./identifier.ts";
import { PER_SEARCH, writtenAs } from "./spellings.ts";

export interface FhirLookupSettings extends FhirClientSettings {
  readonly country: CountryCode;
  /** The search parameter: `phone`, or `telecom` where the server knows only that (R4 patient.html#search). */
  readonly parameter: "phone" | "telecom";
  readonly freshForMs: number;
  /** Whether the cases of whoever carries the number are asked for too. */
  readonly encounters?: boolean;
}

const SEX: Readonly<Record<string, string>> = { male: "M", female: "F", other: "O", unknown: "U" };

/** Patient look-up by FHIR search. */
export function openFhirLookup(settings: FhirLookupSettings): PatientLookup {
  const client = new FhirClient(settings);
  const { country, parameter, freshForMs, encounters = false } = settings;
  return {
    freshForMs,
    find: async (phone, signal) => {
      const patients: Patient[] = [];
      const spellings = writtenAs(phone, country);
      for (const some of inPortions(spellings, PER_SEARCH)) {
        const by = { [parameter]: some.map(escapeToken).join(",") };
        patients.push(...(await search<Patient>(client, { type: "Patient", by, also: { _count: "50" } }, signal)));
      }
      const written = new Set(spellings);
      // "0151 / 12345678" is one number where it is all that is written; in a longer text it could be two.
      const numbersOf = (patient: Patient) =>
        ownTelecom(patient).flatMap((value) => (written.has(value.trim()) ? phone : phoneNumbersIn(value, country)));
      const carriers = patients.filter((patient) => numbersOf(patient).some((number) => isSamePhone(number, phone)));
      const current = await Promise.all(carriers.map((patient) => survivorOf(client, patient, signal)));
      const unique = new Map(current.filter(({ active }) => active !== false).map((patient) => [patient.id, patient]));
      return Promise.all(
        Array.from(unique.values(), async (patient) => ({
          ...foundPatient(patient, [...numbersOf(patient), phone]),
          ...(encounters && { cases: await casesOf(client, patient.id ?? "", signal) }),
        })),
      );
    },
    close: () => client.close(),
  };
}

function inPortions(all: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

function foundPatient(patient: Patient, phones: readonly string[]): FoundPatient {
  const name = patient.name?.find(({ use }) => use === "official") ?? patient.name?.[0];
  const identifiers = (patient.identifier ?? []).flatMap((one) => identifierOf(one) ?? []);
  if (identifiers.length === 0) throw refused("a patient has no identifier");
  return {
    identifiers,
    phones: [...new Set(phones)],
    familyName: name?.family ?? null,
    givenName: name?.given?.join(" ") ?? null,
    birthDate: patient.birthDate ?? null,
    sex: SEX[patient.gender ?? ""] ?? null,
  };
}

/** The patient's own numbers in use, as they are written; `contact` is other people. */
function ownTelecom({ telecom = [] }: Patient): string[] {
  const callable = ({ system, use, period }: ContactPoint) =>
    (system === "phone" || system === "sms") && use !== "old" && period?.end === undefined;
  return telecom.filter(callable).map(({ value = "" }) => value);
}

function refused(reason: string): BotenstoffError {
  return new BotenstoffError("DESTINATION_REFUSED", `looking a patient up by FHIR: ${reason}`);
}
