import { detailOf, lower } from "#src/identity/decay.ts";
import type { Typed } from "#src/identity/typed.ts";
import { EVIDENCE, type Lowering } from "#src/message/link.ts";
import { readPersons } from "#src/identity/directory-deps.ts";
import {
  countWrongAnswer,
  endLinks,
  linksOfPatient,
  lockLink,
  verifyLink,
  type LinkRow,
} from "#src/store/sql/links.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";
import { mayDecide, usersOf } from "./link-users.ts";
import { isSamePerson } from "./same-person.ts";
import { typedPatient } from "./typed-patient.ts";

/** What people say against a link. */
export type Said = Extract<Lowering, "consent_withdrawn" | "staff_report">;
const MOST_ANSWERS = 5;

/** The links of the patient two identifiers are true of. */
export async function linksOfTyped(
  deps: ClearingDeps,
  by: Decider,
  identifiers: readonly Typed[],
): Promise<readonly LinkRow[] | Refusal> {
  return deps.store.transaction(async (db) => {
    const found = await typedPatient(deps, db, by, identifiers);
    return typeof found === "string" ? found : linksOfPatient(db, found.patientId);
  });
}

/** Lowers a link on somebody's word: nothing is filed by it, until a person has decided anew. */
export async function report(deps: ClearingDeps, by: Decider, id: string, why: Said): Promise<"lowered" | Refusal> {
  return deps.store.transaction(async (db) => {
    const link = await lockLink(db, id);
    if (!link) return "absent";
    if (!(await mayDecide(deps, db, by, link))) return "used_elsewhere";
    const lowered = await lower(db, [id], why, new Date(deps.clock()));
    for (const one of lowered) await by.journal({ action: "link.lowered", subject: id, detail: detailOf(one) }, db);
    return "lowered";
  });
}

/** Ends a link for good: the contact is a stranger again. */
export async function end(deps: ClearingDeps, by: Decider, id: string, reason: string): Promise<"ended" | Refusal> {
  return deps.store.transaction(async (db) => {
    const link = await lockLink(db, id);
    if (!link) return "absent";
    if (!(await mayDecide(deps, db, by, link))) return "used_elsewhere";
    await endLinks(db, [id], new Date(deps.clock()));
    await by.journal({ action: "link.ended", subject: id, detail: { reason } }, db);
    return "ended";
  });
}

/**
 * Takes an answer to the challenge: day and month of the patient's birth, no year, for it goes through a messenger. Says
 * nothing of whether it was right; that is seen by the link's level. Five wrong ones, and no more are taken. Where two
 * persons decide, whoever made the code does not answer for it: he would raise a link by himself.
 */
export async function answerChallenge(
  deps: ClearingDeps,
  by: Decider,
  id: string,
  answer: string,
): Promise<"taken" | Refusal> {
  return deps.store.transaction(async (db) => {
    const link = await lockLink(db, id);
    if (!link) return "absent";
    const { fourEyes, reachable } = await usersOf(deps, db, by, link);
    if (!reachable) return "used_elsewhere";
    if (fourEyes && (await isSamePerson(db, by, { actor: link.verifiedBy }))) return "same_person";
    const person = (await readPersons(deps, db, [link.patientId])).get(link.patientId);
    const [, month = "", day = ""] = /^\d{4}-(\d{2})-(\d{2})$/.exec(person?.birthDate ?? "") ?? [];
    const [, saidDay = "", saidMonth = ""] = /^\s*(\d{1,2})[.\s/-]+(\d{1,2})[.\s]*$/.exec(answer) ?? [];
    const right = day !== "" && Number(saidDay) === Number(day) && Number(saidMonth) === Number(month);
    const open = link.tries < MOST_ANSWERS && link.evidence === "code" && link.level === EVIDENCE.code;
    if (!right) await countWrongAnswer(db, id);
    else if (open) {
      const now = new Date(deps.clock());
      const who = { by: link.verifiedBy, approvedBy: by.actor };
      await verifyLink(db, id, { level: EVIDENCE.challenge, evidence: "challenge", ...who, now });
    }
    await by.journal(
      { action: "link.verified", subject: id, detail: { evidence: "challenge", held: right && open } },
      db,
    );
    return "taken";
  });
}
