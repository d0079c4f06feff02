import { detailOf, lower } from "#src/identity/decay.ts";
import { VERIFIED } from "#src/identity/links.ts";
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
    const lowered = await lower(db, [id], why, new Date(deps.clock()));
    for (const one of lowered) await by.journal({ action: "link.lowered", subject: id, detail: detailOf(one) }, db);
    return "lowered";
  });
}

/** Ends a link for good: the contact is a stranger again. */
export async function end(deps: ClearingDeps, by: Decider, id: string, reason: string): Promise<"ended" | Refusal> {
  return deps.store.transaction(async (db) => {
    const [ended] = await endLinks(db, [id], new Date(deps.clock()));
    if (ended === undefined) return "absent";
    await by.journal({ action: "link.ended", subject: id, detail: { reason } }, db);
    return "ended";
  });
}

/**
 * Takes an answer to the challenge: day and month of the patient's birth, no year, for it goes through a messenger. Says
 * nothing of whether it was right; that is seen by the link's level. Five wrong ones, and no more are taken.
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
    const person = (await readPersons(deps, db, [link.patientId])).get(link.patientId);
    const [, month = "", day = ""] = /^\d{4}-(\d{2})-(\d{2})$/.exec(person?.birthDate ?? "") ?? [];
    const [, saidDay = "", saidMonth = ""] = /^\s*(\d{1,2})[.\s/-]+(\d{1,2})[.\s]*$/.exec(answer) ?? [];
    const right = day !== "" && Number(saidDay) === Number(day) && Number(saidMonth) === Number(month);
    const open = link.tries < MOST_ANSWERS && link.evidence === "code" && link.level === EVIDENCE.code;
    if (!right) await countWrongAnswer(db, id);
    else if (open) await verifyLink(db, id, verified("challenge", by, deps));
    await by.journal(
      { action: "link.verified", subject: id, detail: { evidence: "challenge", held: right && open } },
      db,
    );
    return "taken";
  });
}

/** Somebody has made sure again that the contact is this patient's: the level is what that gives, or stays. */
export async function verify(
  deps: ClearingDeps,
  by: Decider,
  id: string,
  { identifiers, evidence }: { readonly identifiers: readonly Typed[]; readonly evidence: "clerk" | "in_person" },
): Promise<"verified" | Refusal> {
  return deps.store.transaction(async (db) => {
    const found = await typedPatient(deps, db, by, identifiers);
    if (typeof found === "string") return found;
    const link = await lockLink(db, id);
    if (link?.patientId !== found.patientId) return "absent";
    const same = link.level >= VERIFIED && link.level >= EVIDENCE[evidence];
    await verifyLink(db, id, {
      ...verified(same ? link.evidence : evidence, by, deps),
      ...(same && { level: link.level }),
    });
    await by.journal({ action: "link.verified", subject: id, detail: { evidence, held: true } }, db);
    return "verified";
  });
}

function verified(evidence: keyof typeof EVIDENCE, by: Decider, deps: ClearingDeps) {
  return { level: EVIDENCE[evidence], evidence, by: by.actor, now: new Date(deps.clock()) };
}
