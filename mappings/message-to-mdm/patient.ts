import type { Segment } from "#src/hl7/message.ts";
import type { Encounter, Identifier, Patient } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { cx, segment } from "./segment.ts";

/** Numbers of a case, not of a person: they belong into PV1-19 (wiki.hl7.de, Segment_PID). */
const CASE_TYPES = new Set(["VN", "AN"]);

/** @throws BotenstoffError MAPPING_FAILED when no identifier is of a wanted authority */
export function pid(patient: Patient, authorities: readonly string[]): Segment {
  const identifiers = personal(patient.identifiers, authorities);
  if (identifiers.length === 0) {
    throw new BotenstoffError(
      "MAPPING_FAILED",
      "mapping message-to-mdm: the patient has no identifier of a wanted authority",
    );
  }
  const named = patient.familyName !== undefined || patient.givenName !== undefined;
  return segment("PID", 1, {
    1: "1",
    3: { repeat: identifiers.map(cx) },
    // PID-5 is required: a legal name, or table 0200 "U" (unspecified) where the KIS told us none.
    5: [
      patient.familyName,
      patient.givenName,
      patient.furtherGivenNames,
      patient.nameSuffix,
      patient.namePrefix,
      patient.degree,
      named ? "L" : "U",
    ],
    7: patient.birthDate?.replaceAll("-", ""),
    8: patient.sex,
  });
}

/** The patient's identifiers that go out, in the order the channel wants. */
export function personal(identifiers: readonly Identifier[], authorities: readonly string[]): readonly Identifier[] {
  const persons = identifiers.filter(({ type }) => !CASE_TYPES.has(type));
  return authorities.length === 0
    ? persons
    : authorities.flatMap((authority) => persons.filter((identifier) => isOf(identifier, authority)));
}

/** Whether an identifier is of an authority, which may be named by its namespace as well. */
export function isOf({ authority, assigner }: Identifier, wanted: string): boolean {
  return authority === wanted || assigner?.namespace === wanted;
}

/** PV1 is required in both structures, so a patient without a case has one that says "not applicable" (table 0004). */
export function pv1(encounter: Encounter | undefined): Segment {
  if (!encounter) {
    return segment("PV1", 1, { 1: "1", 2: "N" });
  }
  const number = { ...encounter.number, type: encounter.number.type === "" ? "VN" : encounter.number.type };
  return segment("PV1", 1, { 1: "1", 2: encounter.class ?? "U", 3: encounter.location, 19: cx(number) });
}
