import type { z } from "zod";
import { MOST_MISSES } from "#src/clearing/match.ts";
import { may } from "#src/audit/principal.ts";
import type { Patient } from "#src/message/directory.ts";
import type { ListedTask, TaskRow } from "#src/store/sql/clearing.ts";
import type { matchedSchema, TaskDetailView, TaskView } from "./clearing-schema.ts";
import { notFound } from "./problem.ts";
import type { RouteContext } from "./route.ts";

export function showTask({ deps, principal }: RouteContext, task: ListedTask): TaskView {
  const { unknownSenderMs } = deps.clearing.policyOf(task.channel);
  return {
    id: task.id,
    channel: task.channel,
    state: task.lockedAt ? "locked" : task.proposal ? "proposed" : "open",
    reasons: task.reasons,
    messages: task.messages,
    opened_at: task.openedAt.toISOString(),
    due_at: task.dueAt.toISOString(),
    overdue: task.dueAt.getTime() < deps.now(),
    escalated_at: task.escalatedAt?.toISOString() ?? null,
    ends_at: new Date(task.oldestAt.getTime() + unknownSenderMs).toISOString(),
    wanted: task.wanted,
    proposed_at: task.proposedAt?.toISOString() ?? null,
    mine: task.proposedBy === principal.actor,
  };
}

/** A task with what is held of it; who may have written is for those who decide. @throws Problem 404 */
export async function showTaskDetail(context: RouteContext, id: string): Promise<TaskDetailView> {
  const { deps, principal } = context;
  const task = await deps.clearing.find(id);
  if (!task) throw notFound("task");
  const held = await deps.clearing.held(task);
  const decides = may(principal, "clearing.decide", task.channel) || may(principal, "clearing.approve", task.channel);
  const { shows, candidates } = decides ? await deps.clearing.suspects(task, held) : { shows: null, candidates: null };
  const { requireLevel, fourEyes } = deps.clearing.policyOf(task.channel);
  const counts = await deps.clearing.count(task);
  const reasons = Object.fromEntries(counts.map(({ reason, count }) => [reason, count]));
  const messages = counts.reduce((sum, { count }) => sum + count, 0);
  const oldestAt = held[0]?.receivedAt ?? task.openedAt;
  return {
    ...showTask(context, { ...task, reasons, messages, oldestAt }),
    held: held.map(({ id: message, kind, reason, receivedAt }) => {
      return { message, kind, reason, received_at: receivedAt.toISOString() };
    }),
    shows,
    candidates: candidates?.map((one) => ({ ...one, hints: [...one.hints] })) ?? null,
    require_level: requireLevel,
    four_eyes: fourEyes,
    misses_left: missesLeft(task),
    proposal: proposalOf(task),
  };
}

function proposalOf({ proposal, proposedBy, proposedAt }: TaskRow): TaskDetailView["proposal"] {
  if (!proposal || proposedBy === null || !proposedAt) return null;
  const { role, scope, evidence, level } = proposal;
  return { role, scope, evidence, level, by: proposedBy, at: proposedAt.toISOString() };
}

export function missesLeft({ misses, lockedAt }: Pick<TaskRow, "misses" | "lockedAt">): number {
  return lockedAt ? 0 : Math.max(0, MOST_MISSES - misses);
}

export function showPatient(patient: Patient): NonNullable<z.infer<typeof matchedSchema>["patient"]> {
  const { givenName, familyName, birthDate, sex, identifiers } = patient;
  return {
    name: [givenName, familyName].filter((part) => part !== undefined).join(" "),
    birth_date: birthDate ?? null,
    sex: sex ?? null,
    patient_number: identifiers[0]?.value ?? null,
  };
}
