import type { DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import type { Chance } from "./random.ts";

/** A WhatsApp account: what a message shows of who writes. */
export interface Account {
  number: string;
  userId: string;
}

/** Somebody who writes; `numbers` are those of the KIS that mean this person: the true one first, none for a stranger. */
export interface Person {
  readonly name: number;
  readonly numbers: string[];
  readonly familyName: string;
  readonly birthDate: string;
  readonly caseNumber: string;
  account: Account;
  /** Who else writes from this account. */
  readonly shares: boolean;
  /** What the KIS has as the telephone number; undefined: none. */
  told: string | undefined;
}

let drawn = 0;

export function newNumber(): string {
  drawn += 1;
  return `49151${String(10_000_000 + drawn)}`;
}

export function newUserId(chance: Chance): string {
  drawn += 1;
  return `DE.${drawn}${chance.below(1_000_000)}`;
}

/** Singles, families on one number, twins, people whose number the KIS does not have, people the KIS has twice. */
export function population(size: number, chance: Chance): Person[] {
  const people: Person[] = [];
  const add = (changes: Partial<Person> = {}): Person => {
    const name = people.length;
    const account = { number: newNumber(), userId: newUserId(chance) };
    const person: Person = {
      ...{ name, numbers: [`P${name}`], familyName: `Familie${chance.below(500)}`, caseNumber: `F${name}` },
      birthDate: `${1930 + chance.below(75)}-${String(1 + chance.below(12)).padStart(2, "0")}-${String(1 + chance.below(28)).padStart(2, "0")}`,
      ...{ account, shares: false, told: account.number },
      ...changes,
    };
    people.push(person);
    return person;
  };
  while (people.length < size) {
    const kind = chance.next();
    if (kind < 0.12) {
      const { account, familyName, told } = add({ shares: true });
      for (let more = 1 + chance.below(3); more > 0; more -= 1) add({ account, familyName, told, shares: true });
    } else if (kind < 0.17) {
      const { familyName, birthDate } = add();
      add({ familyName, birthDate });
    } else if (kind < 0.27) add({ told: undefined });
    else if (kind < 0.3) {
      const person = add();
      person.numbers.push(`D${person.name}`);
    } else add();
  }
  return people;
}

export const identifier = (value: string): Identifier => ({ value, authority: "HAUS", type: "PI" });

/** What the KIS says of a person under one of their numbers, recorded at a time. */
export function admission(person: Person, number: string, at: number): DirectoryUpdate {
  const { familyName, birthDate, caseNumber, told } = person;
  return {
    stamp: stampOf(at),
    existence: "exists",
    patient: {
      identifiers: [identifier(number)],
      familyName,
      birthDate,
      phones: { "PID-13": told === undefined ? [] : [told] },
    },
    ...(number === person.numbers[0] && {
      case: { number: { value: caseNumber, authority: "HAUS", type: "VN" }, state: { is: "open", certain: true } },
    }),
  };
}

let stamps = 0;

export function stampOf(at: number): string {
  stamps += 1;
  return `${new Date(at).toISOString()}|${String(stamps).padStart(9, "0")}`;
}
