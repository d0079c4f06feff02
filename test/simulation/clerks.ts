import type { Typed } from "#src/identity/typed.ts";
import { place, type SealedBody } from "#src/store/sealed/message.ts";
import { saidBy, type House } from "./house.ts";
import type { Person } from "./people.ts";
import { Chance } from "./random.ts";

/** What became of what was held; each decision counted once. */
export interface Cleared {
  assigned: number;
  rejected: number;
  /** Why the messages were held that were decided about. */
  reasons: Record<string, number>;
  /** Why nothing was decided about what a writer had written, and how often. */
  undecided: Record<string, number>;
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

/**
 * Two people go through everything that is held. The first asks the writer who he is and types two identifiers, or takes
 * him for somebody else now and then, mostly for one of the same name; the second types the true patient number.
 */
export async function clear(house: House, seed: number, people: readonly Person[], cleared: Cleared): Promise<void> {
  const [clerk, approver, head] = ["clerk", "approver", "head"].map((name) => house.person(name)) as [
    Decider,
    Decider,
    Decider,
  ];
  const byName = new Map(people.map((person) => [person.name, person]));
  const waiting = await allTasks(house);
  const desk = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await decide(task);
  };
  await Promise.all(Array.from({ length: DESKS }, desk));

  async function decide(task: Task): Promise<void> {
    if (task.lockedAt) await house.clearing.unlock(head, task.id, "looked into");
    const held = await house.clearing.held(task);
    const authors = Map.groupBy(held, ({ epoch, id, sealed }) => {
      const { content } = house.sealer.openJson(place.message(epoch, id, "sealed"), sealed) as SealedBody;
      return byName.get(Number(/^from:(\d+):/.exec(saidBy(content))?.[1] ?? -1));
    });
    for (const [author, theirs] of authors) {
      if (!author) continue;
      if (author.numbers.length === 0) {
        if (authors.size > 1) continue;
        const outcome = await house.clearing.reject(clerk, task.id, { reason: "not_our_patient", answer: false });
        if (outcome === "rejected") cleared.rejected += 1;
        else undecided(outcome);
        continue;
      }
      // In whatever order they come: the same writer is mistaken for the same person.
      const chance = new Chance(seed + (theirs[0]?.seq ?? 0));
      const wrong = chance.is(WRONG);
      const named = wrong ? mistakenFor(author, chance) : author;
      const matched = await house.clearing.match(clerk, task.id, identifiersOf(named));
      if (typeof matched === "string" || !matched.match) {
        undecided(typeof matched === "string" ? matched : "no_match");
        continue;
      }
      if (wrong) cleared.mistakes += 1;
      const scope = author.shares || authors.size > 1 || chance.is(0.3) ? "once" : "always";
      const wish = { proof: matched.proof, role: "self", evidence: "clerk", scope } as const;
      const proposed = await house.clearing.assign(clerk, task.id, {
        ...wish,
        ...(scope === "once" && { messageIds: theirs.map(({ id }) => id) }),
      });
      if (proposed !== "proposed") {
        undecided(proposed);
        continue;
      }
      const typed: Typed = { kind: "patient_number", value: author.numbers[0] ?? "" };
      const approved = await house.clearing.approve(approver, task.id, typed);
      if (approved === "assigned") {
        cleared.assigned += 1;
        for (const { reason } of theirs) cleared.reasons[reason] = (cleared.reasons[reason] ?? 0) + 1;
        if (wrong) cleared.slipped.push(`${author.name} as ${named.name}`);
      } else {
        if (wrong) cleared.caught += 1;
        await house.clearing.decline(approver, task.id, "somebody else");
      }
    }
  }

  function undecided(why: string): void {
    cleared.undecided[why] = (cleared.undecided[why] ?? 0) + 1;
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
type Decider = ReturnType<House["person"]>;

function identifiersOf({ numbers, birthDate }: Person): [Typed, Typed] {
  return [
    { kind: "patient_number", value: numbers[0] ?? "" },
    { kind: "birth_date", value: birthDate },
  ];
}
