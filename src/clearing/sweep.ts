import { detailOf, lower } from "#src/identity/decay.ts";
import { readPersons } from "#src/identity/directory-deps.ts";
import { agedFor } from "#src/identity/links.ts";
import { SILENCE_MS, type Lowering } from "#src/message/link.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { withdrawProposalsBefore } from "#src/store/sql/link-proposals.ts";
import { endLinks } from "#src/store/sql/links.ts";
import { forgetEnded, guardianLinks, linksOfEndedCases, noteSeen, quietLinks } from "#src/store/sql/links-sweep.ts";
import type { ClearingDeps } from "./deps.ts";

const A_DAY_MS = 86_400_000;
/** What nobody has confirmed by then is asked for anew: what was typed first was looked up a day ago. */
const PROPOSED_FOR_MS = A_DAY_MS;
const TASKS_STAY_MS = 30 * A_DAY_MS;

export interface SweepDeps extends ClearingDeps {
  journal(
    db: Transaction,
    action: "link.lowered" | "link.ended" | "link.declined",
    subject: string,
    detail: Record<string, string>,
  ): Promise<void>;
}

/** What time alone does to links: silence, a birthday, the end of a case; and forgets what has ended. */
export async function sweepLinks(deps: SweepDeps): Promise<void> {
  const now = deps.clock();
  const { reading } = deps.store;
  const quiet = await quietLinks(reading, new Date(now - A_DAY_MS));
  const heard = quiet.flatMap(({ id, seenAt, heardAt }) =>
    heardAt && heardAt.getTime() - seenAt.getTime() <= SILENCE_MS ? [{ id, heardAt }] : [],
  );
  const still = new Set(heard.map(({ id }) => id));
  const silent = quiet.filter(({ id, seenAt }) => !still.has(id) && now - seenAt.getTime() > SILENCE_MS);
  const [grown, over] = [await comeOfAge(deps, now), await linksOfEndedCases(reading)];
  await deps.store.transaction(async (db) => {
    if (heard.length > 0) await noteSeen(db, heard);
    await lowerAll(
      deps,
      db,
      silent.map(({ id }) => id),
      "silence",
    );
    await lowerAll(deps, db, grown, "came_of_age");
    for (const id of await endLinks(db, over, new Date(now)))
      await deps.journal(db, "link.ended", id, { reason: "case_ended" });
    for (const id of await withdrawProposalsBefore(db, new Date(now - PROPOSED_FOR_MS)))
      await deps.journal(db, "link.declined", id, { reason: "expired" });
    await forgetEnded(db, { now: new Date(now), tasksBefore: new Date(now - TASKS_STAY_MS) });
  });
}

/** Guardians' links to patients who speak for themselves by now. */
async function comeOfAge(deps: SweepDeps, now: number): Promise<string[]> {
  const links = await guardianLinks(deps.store.reading);
  const patients = [...new Set(links.map(({ patientId }) => patientId))];
  const persons = await readPersons(deps, deps.store.reading, patients);
  const seenAt = new Date(now);
  return links
    .filter(
      ({ patientId }) => agedFor({ role: "guardian", seenAt }, persons.get(patientId) ?? {}, now) === "came_of_age",
    )
    .map(({ id }) => id);
}

async function lowerAll(deps: SweepDeps, db: Transaction, ids: readonly string[], why: Lowering): Promise<void> {
  for (const one of await lower(db, ids, why, new Date(deps.clock())))
    await deps.journal(db, "link.lowered", one.id, detailOf(one));
}
