import type { Typed } from "#src/identity/typed.ts";
import { place } from "#src/store/sealed/message.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { saidBy, type House } from "./house.ts";
import type { Person } from "./people.ts";
import { Chance } from "./random.ts";

/** What became of what was held; each decision counted once. */
export interface Cleared {
  assigned: number;
  rejected: number;
  /** Why the messages were held that were decided about. */
  reasons: Record<string, number>;
  /** Messages that people decided about. */
  messages: number;
  /** Why nothing was decided about what a writer had written, and how often. */
  undecided: Record<string, number>;
  /** The same of each task that is open still: the last time somebody tried. */
  why: Map<string, string>;
  /** What waits for an approver, by task: who wrote it, and whom the clerk took for the writer. */
  proposed: Map<string, { readonly author: Person; readonly named: Person }>;
  /** Confirmed or declined another day. */
  later: number;
  /** Somebody else's identifiers were typed, and how often the second person noticed. */
  mistakes: number;
  caught: number;
  /** Mistakes the second person did not notice. */
  slipped: string[];
}

/** A clerk takes somebody else for the writer this often. */
const WRONG = 0.05;
const PAGE = 500;
/** Tasks are decided side by side, as in a house. */
const DESKS = 8;

/** An approver comes to it another day this often. */
const LATER = 0.1;
/** So many share the tasks of a thousand people. */
const PER_THOUSAND = 4;

/**
 * Clerks go through everything that is held, each with an approver. A clerk asks the writer who he is and types two
 * identifiers, or takes him for somebody else now and then, mostly for one of the same name; the approver types the true
 * patient number. Whoever has typed too many wrong ones leaves the rest of the day to the others.
 */
export async function clear(house: House, seed: number, people: readonly Person[], cleared: Cleared): Promise<void> {
  const head = house.person("head");
  const pairs = Array.from({ length: Math.max(2, Math.ceil((people.length / 1_000) * PER_THOUSAND)) }, (_, nth) => ({
    clerk: house.person(`clerk ${nth}`),
    approver: house.person(`approver ${nth}`),
  }));
  const tired = new Set<Decider>();
  const byName = new Map(people.map((person) => [person.name, person]));
  const waiting = await allTasks(house);
  const desk = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift())
      await decide(task, pairs[(turn += 1) % pairs.length]);
  };
  let turn = 0;
  await Promise.all(Array.from({ length: DESKS }, desk));

  async function decide(task: Task, pair = pairs[0]): Promise<void> {
    if (task.lockedAt) await house.clearing.unlock(head, task.id, "looked into");
    cleared.why.delete(task.id);
    let held = await house.clearing.held(task);
    const waits = task.proposal ? cleared.proposed.get(task.id) : undefined;
    cleared.proposed.delete(task.id);
    if (waits && pair) {
      cleared.later += 1;
      const meant = task.proposal?.messageIds;
      const theirs = meant ? held.filter(({ id }) => meant.includes(id)) : held;
      const outcome = await approve(task, pair.approver, { ...waits, theirs });
      if (outcome !== "assigned") undecided(task, outcome);
      held = held.filter((one) => outcome !== "assigned" || !theirs.includes(one));
    }
    const authors = Map.groupBy(held, ({ epoch, id, sealed }) => {
      const { content } = openAt(house.sealer, place.message(epoch, id, "sealed"), sealed);
      return byName.get(Number(/^from:(\d+):/.exec(saidBy(content))?.[1] ?? -1));
    });
    for (const [author, theirs] of authors) {
      const outcome = !author
        ? "nobody"
        : author.numbers.length === 0
          ? await reject(task, theirs.length, authors.size, pair)
          : await assign(task, author, theirs, authors.size, pair);
      if (outcome === "assigned" || outcome === "rejected") continue;
      undecided(task, outcome);
    }
  }

  function undecided(task: Task, outcome: string): void {
    cleared.undecided[outcome] = (cleared.undecided[outcome] ?? 0) + 1;
    cleared.why.set(task.id, outcome);
  }

  /** What a stranger wrote from a number that a patient writes from too is not told apart by the task: it waits. */
  async function reject(task: Task, messages: number, authors: number, pair: Pair | undefined): Promise<string> {
    if (authors > 1 || !pair) return "stranger_among_others";
    const outcome = await house.clearing.reject(pair.clerk, task.id, { reason: "not_our_patient", answer: false });
    if (outcome === "rejected") {
      cleared.rejected += 1;
      cleared.messages += messages;
    }
    return outcome;
  }

  async function assign(
    task: Task,
    author: Person,
    theirs: readonly HeldMessage[],
    authors: number,
    first: Pair | undefined,
  ): Promise<string> {
    // In whatever order they come: the same writer is mistaken for the same person.
    const chance = new Chance(seed + (theirs[0]?.seq ?? 0));
    const wrong = chance.is(WRONG);
    const named = wrong ? mistakenFor(author, chance) : author;
    for (const { clerk, approver } of first ? [first, ...pairs] : pairs) {
      if (tired.has(clerk)) continue;
      const matched = await house.clearing.match(clerk, task.id, identifiersOf(named));
      if (matched === "tired") {
        tired.add(clerk);
        continue;
      }
      if (typeof matched === "string") return matched;
      if (!matched.match) return "no_match";
      if (wrong) cleared.mistakes += 1;
      const scope = author.shares || authors > 1 || chance.is(0.3) ? "once" : "always";
      const wish = { proof: matched.proof, role: "self", evidence: "clerk", scope } as const;
      const proposed = await house.clearing.assign(clerk, task.id, {
        ...wish,
        ...(scope === "once" && { messageIds: theirs.map(({ id }) => id) }),
      });
      if (proposed !== "proposed") return proposed;
      if (!chance.is(LATER)) return approve(task, approver, { author, named, theirs });
      cleared.proposed.set(task.id, { author, named });
      return "waits_for_approver";
    }
    return "tired";
  }

  async function approve(
    task: Task,
    approver: Decider,
    { author, named, theirs }: { author: Person; named: Person; theirs: readonly HeldMessage[] },
  ): Promise<string> {
    const typed: Typed = { kind: "patient_number", value: author.numbers[0] ?? "" };
    const approved = await house.clearing.approve(approver, task.id, typed);
    if (approved !== "assigned") {
      if (named !== author) cleared.caught += 1;
      await house.clearing.decline(approver, task.id, "somebody else");
      return named === author ? approved : "caught";
    }
    cleared.assigned += 1;
    cleared.messages += theirs.length;
    for (const { reason } of theirs) cleared.reasons[reason] = (cleared.reasons[reason] ?? 0) + 1;
    if (named !== author) cleared.slipped.push(`${author.name} as ${named.name}`);
    return approved;
  }

  function mistakenFor(author: Person, chance: Chance): Person {
    const others = people.filter((one) => one !== author && one.numbers.length > 0);
    const alike = others.filter(({ familyName }) => familyName === author.familyName);
    return chance.of(alike.length > 0 ? alike : others);
  }
}

async function allTasks({ clearing }: House) {
  const tasks = await clearing.list({ limit: PAGE });
  for (let page = tasks; page.length === PAGE;) {
    page = await clearing.list({ limit: PAGE, after: page.at(-1)?.id });
    tasks.push(...page);
  }
  return tasks;
}

type Task = Awaited<ReturnType<House["clearing"]["list"]>>[number];
type HeldMessage = Awaited<ReturnType<House["clearing"]["held"]>>[number];
type Decider = ReturnType<House["person"]>;
interface Pair {
  readonly clerk: Decider;
  readonly approver: Decider;
}

function identifiersOf({ numbers, birthDate }: Person): [Typed, Typed] {
  return [
    { kind: "patient_number", value: numbers[0] ?? "" },
    { kind: "birth_date", value: birthDate },
  ];
}
