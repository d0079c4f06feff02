import { OWN_TYPES } from "#src/hl7/pid.ts";
import type { Identifier, Patient } from "#src/message/directory.ts";
import { mergedAt, type Fact, type Merged } from "./fact.ts";
import { isDeleted, sameIdentifier, voidUntil, type Member, type PatientRecord } from "./record.ts";

/** A record with its place: `root` is the record it was merged into in the end. */
export interface PlacedRecord {
  readonly id: string;
  readonly root: string;
  readonly record: PatientRecord;
}

/** Table 0203: numbers of a person that other persons may have too, or that no KIS files by. They identify nobody. */
const WEAK_TYPES = new Set("SS NH NI NIIP HC JHN MC MA WC DL PPN CZ TAX BC BRN".split(" "));

/** The identifiers by which a patient is found: the weak ones only where there is no other. */
export function keysAmong(identifiers: readonly Identifier[]): readonly Identifier[] {
  const strong = identifiers.filter(({ type }) => !WEAK_TYPES.has(type));
  return strong.length > 0 ? strong : identifiers;
}

/**
 * Whether a number that both have does not make the named person the known one: it is not the hospital's own, and of those
 * they have different ones by the same authority. A family has one private insurance policy, and senders write any type.
 */
export function isShared(number: Identifier, named: readonly Identifier[], known: readonly Identifier[]): boolean {
  const { value, authority } = number;
  // One without a type may be it.
  const same = known.filter((one) => one.value === value && one.authority === authority);
  if ([number, ...same].some(({ type }) => OWN_TYPES.has(type))) return false;
  return named.some(({ authority, type }) => {
    const others = OWN_TYPES.has(type) ? known.filter((one) => one.authority === authority && one.type === type) : [];
    return others.length > 0 && !others.some((other) => named.some((one) => sameIdentifier(one, other)));
  });
}

/**
 * The person of the root `id` as all its records together know it; undefined once it was deleted. What the root itself
 * says wins; a record merged into it fills what the root is silent about. Numbers of merged records count until the
 * root's own are told again after the merge.
 */
export function personOf(id: string, records: readonly PlacedRecord[]): Patient | undefined {
  const own = records.find((placed) => placed.id === id)?.record;
  if (!own || isDeleted(own)) return undefined;
  const merged = mergedInto(id, own, records);
  const member = (name: Member): Partial<Record<Member, string>> => {
    const fact = own.members[name] ?? newest(merged.flatMap(({ record }) => record.members[name] ?? []));
    return fact?.value == null ? {} : { [name]: fact.value };
  };
  return {
    identifiers: own.identifiers.map(({ value }) => value).toSorted(byStrength),
    phones: phonesOf(id, own, records, merged),
    ...member("familyName"),
    ...member("givenName"),
    ...member("birthDate"),
    ...member("sex"),
  };
}

/**
 * Whether a merged record was told another birth date than its root's since: the merge was undone, or its number given to
 * somebody new. Whose it is nobody says, so what it knows is not the root's.
 */
export function isSomebodyElse(id: string, rootId: string, records: readonly PlacedRecord[]): boolean {
  const [said, own] = [id, rootId].map((one) => records.find((placed) => placed.id === one)?.record.members.birthDate);
  if (id === rootId || said?.value == null || own?.value == null || said.value === own.value) return false;
  return said.stamp > mergedAt(nodesOf(records), id, rootId);
}

/** The records merged into the root; of those that had gone into it by its deletion, what was said after that. */
function mergedInto(id: string, { deletedAt }: PatientRecord, records: readonly PlacedRecord[]): PlacedRecord[] {
  const merged = records.filter(
    (placed) => placed.root === id && placed.id !== id && !isSomebodyElse(placed.id, id, records),
  );
  if (deletedAt === undefined) return merged;
  const nodes = nodesOf(records);
  return merged.map((placed) =>
    mergedAt(nodes, placed.id, id) > deletedAt ? placed : { ...placed, record: voidUntil(placed.record, deletedAt) },
  );
}

function nodesOf(records: readonly PlacedRecord[]): Merged[] {
  return records.map(({ id, record }) => ({ id, ...(record.merged && { into: record.merged }) }));
}

function phonesOf(
  id: string,
  own: PatientRecord,
  records: readonly PlacedRecord[],
  merged: readonly PlacedRecord[],
): readonly string[] {
  const told = newest(Object.values(own.phones))?.stamp ?? "";
  const nodes = nodesOf(records);
  const inherited = merged.flatMap((placed) => {
    const since = mergedAt(nodes, placed.id, id);
    return Object.values(placed.record.phones).filter(({ stamp }) => (stamp > since ? stamp : since) > told);
  });
  const numbers = [...Object.values(own.phones), ...inherited].flatMap(({ value }) => value);
  return [...new Set(numbers)].toSorted();
}

function newest<T>(facts: readonly Fact<T>[]): Fact<T> | undefined {
  return facts.toSorted((a, b) => (a.stamp < b.stamp ? 1 : -1))[0];
}

/** PI first, what identifies nobody last; otherwise in an order that no order of arrival changes. */
function byStrength(a: Identifier, b: Identifier): number {
  const rank = ({ type }: Identifier) => (type === "PI" ? 0 : WEAK_TYPES.has(type) ? 2 : 1);
  const text = ({ type, authority, value }: Identifier) => [type, authority, value].join("\0");
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1);
}
