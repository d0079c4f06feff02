import type { Transaction } from "#src/store/queryable.ts";
import { makersOf } from "#src/store/sql/clearing-held.ts";
import type { Decider } from "./deps.ts";

/** Four eyes are two people: not two sessions of one, nor one and a token that he made. */
export async function isSamePerson(
  db: Transaction,
  by: Pick<Decider, "actor" | "subjectBi">,
  other: { readonly actor: string; readonly subjectBi?: Buffer | null },
): Promise<boolean> {
  if (by.actor === other.actor || other.subjectBi?.equals(by.subjectBi)) return true;
  const makers = await makersOf(db, [by.actor, other.actor]);
  return makers.get(by.actor) === other.actor || makers.get(other.actor) === by.actor;
}
