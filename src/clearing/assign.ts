import { EVIDENCE, type Evidence, type LinkRole, type LinkScope } from "#src/message/link.ts";
import type { Typed } from "#src/identity/typed.ts";
import { forgetEmptyLanes, lock, lockConversation } from "#src/store/locks.ts";
import type { Transaction } from "#src/store/queryable.ts";
import {
  findTask,
  lockTask,
  propose,
  takeProof,
  withdrawProposal,
  type Proposal,
  type TaskRow,
} from "#src/store/sql/clearing.ts";
import { lockHeld, type HeldMessage } from "#src/store/sql/clearing-held.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";
import { letThrough } from "./let-through.ts";
import { matchOne, mayType } from "./match.ts";
import { isGuardianOfAdult } from "./of-age.ts";
import { isSamePerson } from "./same-person.ts";

export interface Wish {
  readonly proof: string;
  readonly role: LinkRole;
  readonly scope: LinkScope;
  readonly evidence: Extract<Evidence, "clerk" | "in_person">;
  /** Of scope `once`: the messages meant; absent: all that are held. */
  readonly messageIds?: readonly string[];
}

export type Assigned = "assigned" | "proposed" | Refusal;

/** A task whose conversation and messages nobody else changes until the decision is written. */
interface Locked {
  readonly task: TaskRow;
  readonly held: readonly HeldMessage[];
  /** Whose lines of the journal are written last: nothing is locked after it. */
  readonly by: Decider;
}

/**
 * Says who wrote what is held. Where the channel asks for four eyes it is a proposal, and nothing moves until somebody
 * else has confirmed it.
 */
export async function assign(deps: ClearingDeps, by: Decider, taskId: string, wish: Wish): Promise<Assigned> {
  return onTask(deps, by, taskId, async (db, { task, held, by }) => {
    const now = new Date(deps.clock());
    const refusal = await mayType(db, task, by, now);
    if (refusal) return refusal;
    if (task.proposal) return "proposed_already";
    const { fourEyes, requireLevel } = deps.policyOf(task.channel);
    const evidence = fourEyes && wish.evidence === "clerk" ? "two_persons" : wish.evidence;
    const level = EVIDENCE[evidence];
    if (level < requireLevel) return "too_weak";
    if (held.length === 0) return "nothing_held";
    const patientId = await takeProof(db, { id: wish.proof, taskId, actor: by.actor }, now);
    if (patientId === undefined) return "no_proof";
    const { role, scope, messageIds } = wish;
    if (await isGuardianOfAdult(deps, db, { role, patientId })) return "of_age";
    const proposal: Proposal = { patientId, role, scope, evidence, level, ...(messageIds && { messageIds }) };
    if (!fourEyes) return letThrough(deps, db, by, { task, held, proposal, proposedBy: null });
    await propose(db, task.id, proposal, { ...by, now });
    const detail = { role, scope, evidence, level, patient: patientKey(deps, patientId) };
    await by.journal({ action: "clearing.proposed", subject: task.id, detail }, db);
    return "proposed";
  });
}

/** Confirms what another person proposed, who typed two identifiers, by typing one again. */
export async function approve(deps: ClearingDeps, by: Decider, taskId: string, typed: Typed): Promise<Assigned> {
  return onTask(deps, by, taskId, async (db, { task, held, by }) => {
    const { proposal, proposedBy } = task;
    const refusal = await mayType(db, task, by, new Date(deps.clock()));
    if (refusal) return refusal;
    if (!proposal || proposedBy === null) return "nothing_proposed";
    if (await isSamePerson(db, by, { actor: proposedBy, subjectBi: task.proposerBi })) return "same_person";
    if (!(await matchOne(deps, db, by, task, proposal.patientId, typed))) return "no_match";
    return letThrough(deps, db, by, { task, held, proposal, proposedBy });
  });
}

/** Takes a proposal off the table: the one who made it, or the one who was asked. */
export async function decline(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  reason: string,
): Promise<"declined" | Refusal> {
  return deps.store.transaction(async (db) => {
    const task = await lockTask(db, taskId);
    if (!task || task.closedAt) return "absent";
    if (!task.proposal) return "nothing_proposed";
    await withdrawProposal(db, taskId);
    const detail = { reason, proposed_by: task.proposedBy };
    await by.journal({ action: "clearing.declined", subject: taskId, detail }, db);
    return "declined";
  });
}

function patientKey({ blindIndex }: ClearingDeps, patientId: string): string {
  return blindIndex.of("patient", patientId).toString("hex");
}

/** Locks what a decision about a task may change: the directory first, so that no message is decided meanwhile. */
async function onTask<Answer>(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  verb: (db: Transaction, locked: Locked) => Promise<Answer>,
): Promise<Answer | "absent"> {
  return deps.store.transaction(async (db) => {
    const found = await findTask(db, taskId);
    if (!found || found.closedAt) return "absent";
    await lock(db, "directory");
    const conversation = { channel: found.channel, key: found.laneKey };
    await lockConversation(db, conversation, ["prepare"]);
    const held = await lockHeld(db, found);
    const task = await lockTask(db, taskId);
    const lines: Parameters<Decider["journal"]>[0][] = [];
    const later: Decider = {
      ...by,
      journal: (line) => {
        lines.push(line);
        return Promise.resolve();
      },
    };
    const answer = task && !task.closedAt ? await verb(db, { task, held, by: later }) : ("absent" as const);
    await forgetEmptyLanes(db, conversation);
    for (const line of lines) await by.journal(line, db);
    return answer;
  });
}
