import { OWN_TYPES } from "#src/hl7/pid.ts";
import type { Identifier, Patient } from "#src/message/directory.ts";
import { mergeTimes, type Fact } from "./fact.ts";
import { isDeleted, nameOf, voidUntil, type Member, type PatientRecord } from "./record.ts";

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
 * Which of the numbers that both have do not make the named person the known one: those that are not the hospital's own,
 * where they have different ones of its own by the same authority. A family has one private insurance policy, and senders
 * write any type.
 */
export function sharedBy(named: readonly Identifier[], known: readonly Identifier[]): (number: Identifier) => boolean {
  const series = ({ authority, type }: Identifier) => [authority, type].join("\0");
  const own = ({ type }: Identifier) => OWN_TYPES.has(type);
  const names = new Set(named.map(nameOf));
  const knownOwn = Map.groupBy(known.filter(own), series);
  const differ = named.filter(own).some((one) => {
    const others = knownOwn.get(series(one));
    return others !== undefined && !others.some((other) => names.has(nameOf(other)));
  });
  // One without a type may be it.
  const ownValues = new Set(known.filter(own).map(({ value, authority }) => [value, authority].join("\0")));
  return (number) => differ && !own(number) && !ownValues.has([number.value, number.authority].join("\0"));
}

/** Records of persons, each looked at once, however many they are. */
export class Persons {
  readonly #byId: ReadonlyMap<string, PlacedRecord>;
  readonly #byRoot: ReadonlyMap<string, readonly PlacedRecord[]>;
  readonly #persons = new Map<string, Patient | undefined>();
  #times: ReadonlyMap<string, string> | undefined;

  constructor(records: readonly PlacedRecord[]) {
    this.#byId = new Map(records.map((placed) => [placed.id, placed]));
    this.#byRoot = Map.groupBy(records, ({ root }) => root);
  }

  get(id: string): PlacedRecord | undefined {
    return this.#byId.get(id);
  }

  /** Every record of the person with this root. */
  of(root: string): readonly PlacedRecord[] {
    return this.#byRoot.get(root) ?? [];
  }

  /**
   * The person of the root `id` as all its records together know it; undefined once it was deleted. What the root itself
   * says wins; a record merged into it fills what the root is silent about. Numbers of merged records count until the
   * root's own are told again after the merge.
   */
  person(id: string): Patient | undefined {
    if (!this.#persons.has(id)) this.#persons.set(id, this.#compose(id));
    return this.#persons.get(id);
  }

  #compose(id: string): Patient | undefined {
    const own = this.#byId.get(id)?.record;
    if (!own || isDeleted(own)) return undefined;
    const merged = this.#mergedInto(id, own);
    const member = (name: Member): Partial<Record<Member, string>> => {
      const fact = own.members[name] ?? newest(merged.flatMap(({ record }) => record.members[name] ?? []));
      return fact?.value == null ? {} : { [name]: fact.value };
    };
    return {
      identifiers: own.identifiers.map(({ value }) => value).toSorted(byStrength),
      phones: this.#phonesOf(own, merged),
      ...member("familyName"),
      ...member("givenName"),
      ...member("furtherGivenNames"),
      ...member("nameSuffix"),
      ...member("namePrefix"),
      ...member("degree"),
      ...member("birthDate"),
      ...member("sex"),
      ...member("deceased"),
    };
  }

  /**
   * Whether a merged record was told another birth date than its root's since, or went into one that was: the merge was undone,
   * or its number given to somebody new. Whose it is nobody says, so what it knows is not the root's.
   */
  isSomebodyElse(id: string, rootId: string): boolean {
    const seen = new Set<string>();
    for (let at: string | undefined = id; at !== undefined && at !== rootId && !seen.has(at);) {
      if (this.#wasParted(at, rootId)) return true;
      seen.add(at);
      at = this.#byId.get(at)?.record.merged?.value;
    }
    return false;
  }

  #wasParted(id: string, rootId: string): boolean {
    const [said, own] = [id, rootId].map((one) => this.#byId.get(one)?.record.members.birthDate);
    if (said?.value == null || own?.value == null || said.value === own.value) return false;
    return said.stamp > this.#mergedAt(id);
  }

  /** The records merged into the root; of those that had gone into it by its deletion, what was said after that. */
  #mergedInto(id: string, { deletedAt }: PatientRecord): readonly PlacedRecord[] {
    const merged = this.of(id).filter((placed) => placed.id !== id && !this.isSomebodyElse(placed.id, id));
    if (deletedAt === undefined) return merged;
    return merged.map((placed) =>
      this.#mergedAt(placed.id) > deletedAt ? placed : { ...placed, record: voidUntil(placed.record, deletedAt) },
    );
  }

  #phonesOf(own: PatientRecord, merged: readonly PlacedRecord[]): readonly string[] {
    const told = newest(Object.values(own.phones))?.stamp ?? "";
    const inherited = merged.flatMap((placed) => {
      const since = this.#mergedAt(placed.id);
      return Object.values(placed.record.phones).filter(({ stamp }) => (stamp > since ? stamp : since) > told);
    });
    const numbers = [...Object.values(own.phones), ...inherited].flatMap(({ value }) => value);
    return [...new Set(numbers)].toSorted();
  }

  #mergedAt(id: string): string {
    this.#times ??= mergeTimes(
      Array.from(this.#byId.values(), ({ id: node, root, record }) => ({
        id: node,
        root,
        ...(record.merged && { into: record.merged }),
      })),
    );
    return this.#times.get(id) ?? "";
  }
}

function newest<T>(facts: readonly Fact<T>[]): Fact<T> | undefined {
  return facts.reduce<Fact<T> | undefined>((best, one) => (best && best.stamp >= one.stamp ? best : one), undefined);
}

/** PI first, what identifies nobody last; otherwise in an order that no order of arrival changes. */
function byStrength(a: Identifier, b: Identifier): number {
  const rank = ({ type }: Identifier) => (type === "PI" ? 0 : WEAK_TYPES.has(type) ? 2 : 1);
  const text = ({ type, authority, value }: Identifier) => [type, authority, value].join("\0");
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1);
}
