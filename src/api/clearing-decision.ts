import type { z } from "zod";
import type { Decider, Refusal } from "#src/clearing/deps.ts";
import { decidedSchema } from "./clearing-schema.ts";
import { showTaskDetail } from "./clearing-view.ts";
import { notFound, Problem } from "./problem.ts";
import { json, type RouteContext } from "./route.ts";

export const decision = json("ClearingDecision", decidedSchema, "What became of it, and the task as it is now.");

/** Who decides, as the room `clearing` knows them. */
export function deciderOf(context: RouteContext): Decider {
  const { actor, subject } = context.principal;
  const subjectBi = context.deps.blindIndex.of("person", subject);
  const { channels } = context;
  return { actor, subjectBi, ...(channels && { channels }), journal: (entry, db) => context.journal(entry, db) };
}

type Outcome = z.infer<typeof decidedSchema>["outcome"];
type Refused = Refusal | "once_only";

/** After a decision: the task as it is now; its channel goes on at once. @throws Problem 404, 409 */
export async function done(context: RouteContext, id: string, outcome: Outcome | Refused) {
  if (isRefused(outcome)) throw refused(outcome);
  const task = await showTaskDetail(context, id);
  context.deps.wake(task.channel);
  return { outcome, task };
}

function isRefused(outcome: Outcome | Refused): outcome is Refused {
  return outcome in DETAILS || outcome === "absent";
}

/** Why nothing was decided. */
export function refused(why: Refused, what = "task"): Problem {
  if (why === "absent") return notFound(what);
  return new Problem(409, `problem:clearing-${why.replaceAll("_", "-")}`, "Not decided", DETAILS[why]);
}

const DETAILS: Readonly<Record<Exclude<Refused, "absent">, string>> = {
  locked: "Too many wrong identifiers were typed; an approver or an administrator unlocks the case with a reason.",
  tired: "You typed too many wrong identifiers today; somebody else goes on.",
  no_proof: "Type the two identifiers first: a match is good once, for ten minutes, for whoever typed it.",
  too_weak: "The channel requires a stronger link than this decision gives (docs/identity.md).",
  nobody: "The messages show nobody who could be linked; reject them, or process them again.",
  nothing_held: "Nothing of it is held any more.",
  no_case: "The patient has no open case, or several; choose another scope.",
  proposed_already: "A decision is proposed already; confirm or decline that one first.",
  nothing_proposed: "Nothing is proposed.",
  same_person: "Somebody else has to do this.",
  used_elsewhere:
    "The contact writes on channels too on which you may not decide; somebody decides who may on all of them.",
  patient_gone: "The patient is in the directory no more; look again.",
  of_age: "The patient is of age and has no guardian; choose proxy, or self.",
  no_match: "That is not one patient's, or not the patient's who was proposed.",
  no_code: "It is no code that can be used: mistyped, used before, too old, or tried too often.",
  once_only: "Messages are named with scope `once` only.",
};
