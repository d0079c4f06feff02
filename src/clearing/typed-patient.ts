import { patientByTyped, type Match, type Typed } from "#src/identity/typed.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { missesInJournal } from "#src/store/sql/codes.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";
import { MOST_OF_ONE } from "./match.ts";

const A_DAY_MS = 86_400_000;

/** The patient two identifiers are true of, outside a task: misses are counted by person, in the journal. */
export async function typedPatient(
  deps: ClearingDeps,
  db: Transaction,
  by: Decider,
  typed: readonly Typed[],
): Promise<Match | Extract<Refusal, "tired" | "no_match">> {
  if (await isTired(deps, db, by)) return "tired";
  const found = await patientByTyped(deps, db, typed);
  if (found) return found;
  await missed(db, by, typed);
  return "no_match";
}

/** Whether somebody has typed too many wrong identifiers outside tasks within a day. */
export async function isTired(
  deps: Pick<ClearingDeps, "clock">,
  db: Transaction,
  by: Pick<Decider, "actor">,
): Promise<boolean> {
  return (await missesInJournal(db, by.actor, new Date(deps.clock() - A_DAY_MS))) >= MOST_OF_ONE;
}

/** Counts a miss; nothing is locked after it. */
export async function missed(db: Transaction, by: Decider, typed: readonly Typed[]): Promise<void> {
  const detail = { kinds: typed.map(({ kind }) => kind).join(" ") };
  await by.journal({ action: "identifiers.missed", subject: by.actor, detail }, db);
}
