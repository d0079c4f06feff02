import type { DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import { newer, type Fact } from "./fact.ts";

const MEMBERS = [
  "familyName",
  "givenName",
  "furtherGivenNames",
  "nameSuffix",
  "namePrefix",
  "degree",
  "birthDate",
  "sex",
  "deceased",
] as const;
export type Member = (typeof MEMBERS)[number];

/**
 * What was said about one patient under one set of identifiers: facts only, so that applying messages in any order and
 * any number of times ends in the same record. `null` is a value that was deleted.
 */
export interface PatientRecord {
  readonly identifiers: readonly Fact<Identifier>[];
  readonly members: Readonly<Partial<Record<Member, Fact<string | null>>>>;
  /** Numbers by the field that carries them. */
  readonly phones: Readonly<Record<string, Fact<readonly string[]>>>;
  /** The newest word that the person exists, and that it does not. */
  readonly existsAt?: string;
  readonly deletedAt?: string;
  /** The record it was merged into. */
  readonly merged?: Fact<string>;
}

export const EMPTY_RECORD: PatientRecord = { identifiers: [], members: {}, phones: {} };

/** The record after an update; what is older than the person's deletion is void. */
export function recordAfter(record: PatientRecord, update: DirectoryUpdate): PatientRecord {
  const { stamp, patient, existence } = update;
  const members = { ...record.members };
  for (const name of MEMBERS) {
    const value = patient[name];
    if (value !== undefined) members[name] = newer(members[name], { value, stamp });
  }
  const phones = { ...record.phones };
  for (const [field, value] of Object.entries(patient.phones ?? {})) {
    phones[field] = newer(phones[field], { value, stamp });
  }
  return withoutVoid({
    ...record,
    identifiers: withIdentifiers(
      record.identifiers,
      patient.identifiers.map((value) => ({ value, stamp })),
    ),
    members,
    phones,
    ...(existence === "exists" && { existsAt: later(record.existsAt, stamp) }),
    ...(existence === "deleted" && { deletedAt: later(record.deletedAt, stamp) }),
  });
}

export function isDeleted({ deletedAt, existsAt }: PatientRecord): boolean {
  return deletedAt !== undefined && (existsAt === undefined || existsAt < deletedAt);
}

/** Identifiers are keyed by value, authority and type together: hospitals reuse numbers across authorities. */
export function nameOf({ value, authority, type }: Identifier): string {
  return [value, authority, type].join("\0");
}

function withIdentifiers(
  known: readonly Fact<Identifier>[],
  said: readonly Fact<Identifier>[],
): readonly Fact<Identifier>[] {
  const facts = new Map(known.map((fact) => [nameOf(fact.value), fact]));
  for (const fact of said) facts.set(nameOf(fact.value), newer(facts.get(nameOf(fact.value)), fact));
  return [...facts.values()];
}

function withoutVoid(record: PatientRecord): PatientRecord {
  return record.deletedAt === undefined ? record : voidUntil(record, record.deletedAt);
}

/** The record without what was said until a deletion. */
export function voidUntil(record: PatientRecord, deletedAt: string): PatientRecord {
  const valid = <T>(entries: [string, Fact<T> | undefined][]) =>
    Object.fromEntries(entries.filter(([, fact]) => fact && fact.stamp > deletedAt)) as Record<string, Fact<T>>;
  return {
    ...record,
    identifiers: record.identifiers.filter(({ stamp }) => stamp > deletedAt),
    members: valid(Object.entries(record.members)),
    phones: valid(Object.entries(record.phones)),
  };
}

function later(a: string | undefined, b: string): string {
  return a !== undefined && a > b ? a : b;
}
