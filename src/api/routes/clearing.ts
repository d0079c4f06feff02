import { z } from "zod";
import { may } from "#src/audit/principal.ts";
import type { Decider, Refusal } from "#src/clearing/deps.ts";
import {
  approveSchema,
  assignSchema,
  decidedSchema,
  declineSchema,
  matchedSchema,
  matchSchema,
  rejectSchema,
  taskDetailSchema,
  taskListSchema,
  taskQuerySchema,
  wantSchema,
} from "../clearing-schema.ts";
import { missesLeft, showPatient, showTask, showTaskDetail } from "../clearing-view.ts";
import { forbidden, notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

const PATH = "/api/v1/clearing/:id";
const params = z.strictObject({ id: z.uuid() });
const onTask = { tag: "clearing", params, names: "task" } as const;
const decision = json("ClearingDecision", decidedSchema, "What became of it, and the task as it is now.");
const conflict = { 409: "It cannot be decided so: the detail says why." } as const;

// The clearing desk: what is held, who wrote it, and the second pair of eyes.

export const listClearing = route({
  operationId: "listClearing",
  tag: "clearing",
  method: "get",
  path: "/api/v1/clearing",
  right: "clearing.read",
  summary: "Lists what is held as tasks, one for each contact in each conversation, the longest waiting first",
  query: taskQuerySchema,
  answer: json("ClearingTaskList", taskListSchema, "A page."),
  handle: async ({ query: { channel, limit, ...filter } }, context) => {
    const { deps, channels: mine } = context;
    const channels = channel === undefined ? mine : mine?.includes(channel) === false ? [] : [channel];
    const rows = await deps.clearing.list({ ...filter, channels, limit: limit + 1 });
    const page = rows.slice(0, limit);
    return {
      items: page.map((task) => showTask(context, task)),
      next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  },
});

export const showClearing = route({
  ...onTask,
  operationId: "showClearing",
  method: "get",
  path: PATH,
  right: "clearing.read",
  summary: "Shows a task: what is held, who may have written it (masked), and how far a decision is",
  answer: json("ClearingTask", taskDetailSchema, "The task."),
  handle: ({ params: { id } }, context) => showTaskDetail(context, id),
});

export const matchClearing = route({
  ...onTask,
  operationId: "matchClearing",
  method: "post",
  path: `${PATH}/match`,
  right: "clearing.decide",
  summary: "Compares two identifiers, got elsewhere, with the directory: match or no match",
  details: "Five misses lock the case, twenty within a day the person. What is typed is kept nowhere.",
  body: matchSchema,
  answer: json("ClearingMatch", matchedSchema, "Whether both are true of one patient."),
  problems: conflict,
  handle: async ({ params: { id }, body }, context) => {
    const [one, other] = body.identifiers;
    if (!one || !other) throw notFound("identifier");
    const matched = await context.deps.clearing.match(deciderOf(context), id, [one, other]);
    if (typeof matched === "string") throw refused(matched);
    const task = await context.deps.clearing.find(id);
    const left = { misses_left: task ? missesLeft(task) : 0 };
    if (!matched.match) return { match: false, proof: null, patient: null, ...left };
    return { match: true, proof: matched.proof, patient: showPatient(matched.patient), ...left };
  },
});

export const assignClearing = route({
  ...onTask,
  operationId: "assignClearing",
  method: "post",
  path: `${PATH}/assign`,
  right: "clearing.decide",
  summary: "Says who wrote what is held; with `four_eyes` a proposal that another person confirms",
  body: assignSchema,
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body: { messages, scope, ...wish } }, context) => {
    if (messages && scope !== "once") throw refused("once_only");
    const named = messages ? { messageIds: messages } : {};
    return done(context, id, await context.deps.clearing.assign(deciderOf(context), id, { ...wish, scope, ...named }));
  },
});

export const approveClearing = route({
  ...onTask,
  operationId: "approveClearing",
  method: "post",
  path: `${PATH}/approve`,
  right: "clearing.approve",
  summary: "Confirms what another person proposed, by typing one identifier again; only then anything moves",
  details: "Refused for whoever proposed it, in any session, and for a token that he made or that made his.",
  body: approveSchema,
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    done(context, id, await context.deps.clearing.approve(deciderOf(context), id, body.identifier)),
});

export const declineClearing = route({
  ...onTask,
  operationId: "declineClearing",
  method: "post",
  path: `${PATH}/decline`,
  right: "clearing.read",
  summary: "Takes a proposal off the table: whoever made it, or may confirm it",
  body: declineSchema,
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) => {
    const task = await context.deps.clearing.find(id);
    if (task?.proposedBy !== context.principal.actor) mustApprove(context, task?.channel);
    return done(context, id, await context.deps.clearing.decline(deciderOf(context), id, body.reason));
  },
});

export const rejectClearing = route({
  ...onTask,
  operationId: "rejectClearing",
  method: "post",
  path: `${PATH}/reject`,
  right: "clearing.decide",
  summary: "Says that what is held is not for this house; it can be processed again until its retention ends",
  body: rejectSchema,
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    done(context, id, await context.deps.clearing.reject(deciderOf(context), id, body)),
});

export const wantClearing = route({
  ...onTask,
  operationId: "wantClearing",
  method: "post",
  path: `${PATH}/want`,
  right: "clearing.decide",
  summary: "Keeps the wish that the sender be asked for a contact card or for the code given at admission",
  body: wantSchema,
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    done(context, id, await context.deps.clearing.want(deciderOf(context), id, body.wanted)),
});

export const unlockClearing = route({
  ...onTask,
  operationId: "unlockClearing",
  method: "post",
  path: `${PATH}/unlock`,
  right: "clearing.unlock",
  summary: "Lets a task be decided again that wrong identifiers have locked: somebody who typed none of them",
  body: declineSchema,
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    done(context, id, await context.deps.clearing.unlock(deciderOf(context), id, body.reason)),
});

/** @throws Problem 403 */
function mustApprove({ principal }: RouteContext, channel: string | undefined): void {
  if (!may(principal, "clearing.approve", channel)) throw forbidden;
}

function deciderOf(context: RouteContext): Decider {
  const { actor, subject } = context.principal;
  const subjectBi = context.deps.blindIndex.of("person", subject);
  return { actor, subjectBi, journal: (entry, db) => context.journal(entry, db) };
}

type Outcome = z.infer<typeof decidedSchema>["outcome"];
type Refused = Refusal | "no_match" | "once_only";

async function done(context: RouteContext, id: string, outcome: Outcome | Refused) {
  if (isRefused(outcome)) throw refused(outcome);
  const task = await showTaskDetail(context, id);
  context.deps.wake(task.channel);
  return { outcome, task };
}

function isRefused(outcome: Outcome | Refused): outcome is Refused {
  return outcome in DETAILS || outcome === "absent";
}

function refused(why: Refused): Problem {
  if (why === "absent") return notFound("task");
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
  patient_gone: "The patient is in the directory no more; look again.",
  no_match: "It is not the patient's who was proposed.",
  once_only: "Messages are named with scope `once` only.",
};
