import { elementUpdate, textUpdate, type Update } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { Filing, House } from "./house.ts";
import { clear, type Cleared } from "./clerks.ts";
import { admission, identifier, newNumber, newUserId, population, stampOf, type Person } from "./people.ts";
import { Chance } from "./random.ts";

export interface YearOptions {
  readonly people: number;
  /** Messages of a year, those of WhatsApp itself not counted. */
  readonly messages: number;
  /** The year is lived through in so many steps. */
  readonly steps: number;
  readonly seed: number;
}

export interface YearReport {
  readonly people: number;
  readonly messages: number;
  readonly filed: number;
  /** In the chart of somebody who did not write. */
  readonly wrong: readonly string[];
  readonly twice: number;
  readonly states: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  readonly cleared: Omit<Cleared, "why" | "proposed">;
  /** Of what people were asked about, in percent: decided. */
  readonly clearingRate: number;
  /** What is held at the end of the year: how much of it somebody else was told of, and why nobody could decide it. */
  readonly left: {
    readonly messages: number;
    readonly escalated: number;
    readonly because: Readonly<Record<string, number>>;
  };
}

const DAY_MS = 86_400_000;
/** Providers give a number to somebody else after half a year. */
const RECYCLED_AFTER_DAYS = 180;
const UPDATES_PER_WEBHOOK = 50;

/** What of everything happens to one person in a year. */
const YEARLY = { number: 0.2, userId: 0.05, admitted: 1.2, mixedUp: 0.03, foundTwice: 0.02 };

interface Promised {
  readonly day: number;
  readonly keep: () => Promise<unknown>;
}

/** Lives through a year: whoever writes, moves, is merged or mixed up does so by chance, and every message says who wrote it. */
export async function live(
  house: House,
  filings: readonly Filing[],
  { people: size, messages: wanted, steps, seed }: YearOptions,
): Promise<YearReport> {
  const chance = new Chance(seed);
  const people = population(size, chance);
  const strangers: Person[] = [];
  const events: Record<string, number> = {};
  const cleared: Cleared = {
    assigned: 0,
    rejected: 0,
    reasons: {},
    messages: 0,
    undecided: {},
    why: new Map(),
    proposed: new Map(),
    later: 0,
    mistakes: 0,
    caught: 0,
    slipped: [],
  };
  const promises: Promised[] = [];
  const free: { number: string; from: number }[] = [];
  const merged = new Map<Person, Person>();
  /** Numbers of duplicates that were merged. */
  const joined = new Set<string>();
  const wrong: string[] = [];
  let checked = 0;
  let updates: Update[] = [];
  let messages = 0;
  let day = 0;
  const count = (event: string) => (events[event] = (events[event] ?? 0) + 1);
  const later = (inDays: number, keep: Promised["keep"]) =>
    promises.push({ day: day + 1 + chance.below(inDays), keep });
  const timestamp = () => Math.floor(house.now() / 1_000);
  const send = async () => {
    for (let at = 0; at < updates.length; at += UPDATES_PER_WEBHOOK)
      await house.receive(updates.slice(at, at + UPDATES_PER_WEBHOOK));
    updates = [];
    await house.settled();
    check();
  };
  const tellAgain = (...persons: Person[]) =>
    house.tell(...persons.flatMap((one) => one.numbers.map((number) => admission(one, number, house.now()))));

  for (let at = 0; at < people.length; at += 200)
    await house.tell(
      ...people.slice(at, at + 200).flatMap((one) => one.numbers.map((number) => admission(one, number, house.now()))),
    );

  const days = 365 / steps;
  for (let step = 0; step < steps; step += 1) {
    house.goOn((days * DAY_MS) / 2);
    day += days;
    for (const due of promises.splice(0).map((one) => (one.day <= day ? one : void promises.push(one))))
      await due?.keep();
    const admitted: Person[] = [];
    for (let left = times(YEARLY.admitted); left > 0; left -= 1) {
      // At the desk somebody is asked for his number, and it is written down.
      const person = chance.of(people);
      if (merged.has(person) || [...merged.values()].includes(person)) continue;
      if (person.told !== undefined) person.told = person.account.number;
      admitted.push(person);
    }
    if (admitted.length > 0) await tellAgain(...admitted);
    for (let left = times(YEARLY.number); left > 0; left -= 1) await changesNumber(chance.is(0.7));
    for (let left = times(YEARLY.userId); left > 0; left -= 1) changesUserId();
    for (let left = times(YEARLY.mixedUp); left > 0; left -= 1) await mixedUp();
    for (let left = times(YEARLY.foundTwice); left > 0; left -= 1) await foundTwice();
    await send();
    house.goOn((days * DAY_MS) / 4);
    for (let left = Math.round(wanted / steps); left > 0; left -= 1)
      writes(chance.is(0.03) ? stranger() : chance.of(people));
    await send();
    await clear(house, seed + step * 1_000_003, [...people, ...strangers], cleared);
    await house.settled();
    check();
    house.goOn((days * DAY_MS) / 4);
    await house.escalate();
  }
  check();
  const { why, proposed: _proposed, ...told } = cleared;
  const open = await house.held();
  const left = { messages: 0, escalated: 0, because: {} as Record<string, number> };
  for (const { task, escalated, messages: count } of open) {
    left.messages += count;
    if (escalated === true) left.escalated += count;
    const because = why.get(task ?? "") ?? "nobody_tried";
    left.because[because] = (left.because[because] ?? 0) + count;
  }
  const texts = filings.map(({ text }) => text);
  return {
    ...{ people: people.length, messages, filed: filings.length, wrong, events, cleared: told, left },
    clearingRate: Math.round((1_000 * told.messages) / (told.messages + left.messages)) / 10,
    twice: texts.length - new Set(texts).size,
    states: await house.states(),
  };

  /** How often something happens in a step that happens to a person so often in a year. */
  function times(yearly: number): number {
    const expected = (people.length * yearly) / steps;
    return Math.floor(expected) + (chance.is(expected % 1) ? 1 : 0);
  }

  /** What WhatsApp says of somebody; it is theirs as what they write is. */
  function note(person: Person): string {
    messages += 1;
    return `from:${person.name}:${messages}`;
  }

  /** Whose chart each came into, as the KIS had people at that time: while it takes two for one, they are one. */
  function check(): void {
    for (; checked < filings.length; checked += 1) {
      const { text = "", patients = [] } = filings[checked] ?? {};
      const author = people[Number(/^from:(\d+):/.exec(text)?.[1] ?? -1)];
      const other = author && (merged.get(author) ?? [...merged].find(([, survivor]) => survivor === author)?.[0]);
      const meant = [...(author?.numbers ?? []), ...(other?.numbers ?? [])];
      if (!patients.some((number) => meant.includes(number)))
        wrong.push(`${text} to ${patients.join()} on day ${Math.round(day)}`);
    }
  }

  function writes(person: Person): void {
    messages += 1;
    const body = `from:${person.name}:${messages}`;
    const { number, userId } = person.account;
    const shows = chance.is(0.05) ? { userId } : chance.is(0.1) ? { from: number } : { from: number, userId };
    updates.push(textUpdate({ ...shows, timestamp: timestamp(), body }));
  }

  /** Who is no patient: with a number of his own, or with one that was a patient's. */
  function stranger(): Person {
    const known = chance.is(0.5) ? strangers[chance.below(strangers.length)] : undefined;
    if (known) return known;
    const recycled = free.findIndex(({ from }) => from <= day);
    const number = recycled === -1 ? newNumber() : (free.splice(recycled, 1)[0]?.number ?? newNumber());
    if (recycled !== -1) count("numbers recycled to strangers");
    const made: Person = {
      ...{ name: 1_000_000 + strangers.length, numbers: [], familyName: "", birthDate: "", caseNumber: "" },
      ...{ account: { number, userId: newUserId(chance) }, shares: false, told: undefined },
    };
    strangers.push(made);
    return made;
  }

  async function changesNumber(announced: boolean): Promise<void> {
    const person = chance.of(people);
    if (person.shares || merged.has(person)) return;
    const former = { ...person.account };
    const taken = free.findIndex(({ from }) => from <= day);
    const number = taken !== -1 && chance.is(0.3) ? (free.splice(taken, 1)[0]?.number ?? newNumber()) : newNumber();
    if (taken !== -1 && person.account.number !== number) count("numbers recycled");
    person.account = { number, userId: newUserId(chance) };
    free.push({ number: former.number, from: day + RECYCLED_AFTER_DAYS });
    count(announced ? "numbers changed, announced" : "numbers changed, quietly");
    if (announced) {
      const { userId } = person.account;
      const said = {
        type: "user_changed_number",
        body: note(person),
        wa_id: number,
        user_id: userId,
        previous_user_id: former.userId,
      };
      updates.push(
        elementUpdate(
          { from: former.number, userId: former.userId, timestamp: timestamp() },
          { type: "system", system: said },
        ),
      );
    }
    if (person.told !== undefined && chance.is(0.8))
      later(30, async () => {
        if (merged.has(person)) return;
        person.told = person.account.number;
        await tellAgain(person);
      });
    await Promise.resolve();
  }

  function changesUserId(): void {
    const person = chance.of(people);
    if (person.shares) return;
    const { number, userId: former } = person.account;
    person.account = { number, userId: newUserId(chance) };
    count("user ids changed");
    const said = {
      type: "user_changed_user_id",
      body: note(person),
      wa_id: number,
      user_id: person.account.userId,
      previous_user_id: former,
    };
    updates.push(
      elementUpdate({ from: number, userId: former, timestamp: timestamp() }, { type: "system", system: said }),
    );
  }

  /** The KIS had somebody twice, and notices. */
  async function foundTwice(): Promise<void> {
    const person = people.find(({ numbers }) => numbers.length > 1 && !joined.has(numbers[1] ?? ""));
    const [survivor, retired] = person?.numbers ?? [];
    if (!person || survivor === undefined || retired === undefined) return;
    joined.add(retired);
    count("duplicates merged");
    await house.tell({
      stamp: stampOf(house.now()),
      existence: "exists",
      patient: { identifiers: [identifier(survivor)] },
      retired: [identifier(retired)],
    });
  }

  /** The KIS merges two who are not one, and undoes it days later: their records are told apart by their birth dates. */
  async function mixedUp(): Promise<void> {
    const [one, other] = [chance.of(people), chance.of(people)];
    if (
      one === other ||
      [one, other].some(
        (who) => who.numbers.length > 1 || who.shares || merged.has(who) || [...merged.values()].includes(who),
      )
    )
      return;
    if (one.birthDate === other.birthDate) return;
    merged.set(one, other);
    count("merged by mistake");
    const [survivor = "", retired = ""] = [other.numbers[0], one.numbers[0]];
    await house.tell({
      stamp: stampOf(house.now()),
      existence: "exists",
      patient: { identifiers: [identifier(survivor)], birthDate: other.birthDate },
      retired: [identifier(retired)],
    });
    later(10, async () => {
      await house.settled();
      check();
      count("unmerged");
      const { birthDate } = one;
      await house.tell({ stamp: stampOf(house.now()), patient: { identifiers: [identifier(retired)], birthDate } });
      await tellAgain(other);
      merged.delete(one);
    });
  }
}
