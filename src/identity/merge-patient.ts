import type { Identifier, Patient, PatientUpdate } from "#src/message/directory.ts";

/** What is known of a patient after an update: silent members stay, null and [] delete, identifiers only grow. */
export function mergePatient(known: Patient | undefined, update: PatientUpdate): Patient {
  return {
    identifiers: mergeIdentifiers(known?.identifiers ?? [], update.identifiers),
    phones: update.phones ?? known?.phones ?? [],
    ...member("familyName", known?.familyName, update.familyName),
    ...member("givenName", known?.givenName, update.givenName),
    ...member("birthDate", known?.birthDate, update.birthDate),
    ...member("sex", known?.sex, update.sex),
  };
}

function member<Name extends string>(name: Name, known: string | undefined, update: string | null | undefined) {
  const value = update === undefined ? known : (update ?? undefined);
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, string>>;
}

function mergeIdentifiers(known: readonly Identifier[], update: readonly Identifier[]): readonly Identifier[] {
  const isNew = (identifier: Identifier) => !known.some((other) => sameIdentifier(identifier, other));
  return [...known, ...update.filter(isNew)];
}

/** Identifiers are keyed by value, authority and type together: hospitals reuse numbers across authorities. */
export function sameIdentifier(a: Identifier, b: Identifier): boolean {
  return a.value === b.value && a.authority === b.authority && a.type === b.type;
}
