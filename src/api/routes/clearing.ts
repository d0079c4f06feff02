import { z } from "zod";
import { may } from "#src/audit/principal.ts";
import { deciderOf, decision, done, refused } from "../clearing-decision.ts";
import {
  approveSchema,
  assignSchema,
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
import { forbidden, notFound } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

const PATH = "/api/v1/clearing/:id";
const params = z.strictObject({ id: z.uuid() });
const onTask = { tag: "clearing", params, names: "task" } as const;
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
