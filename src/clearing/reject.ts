import { lockConversation, forgetEmptyLanes } from "#src/store/locks.ts";
import {
  closeTasks,
  findTask,
  lockTask,
  setWanted,
  setLocked,
  forgetMisses,
  missersOf,
} from "#src/store/sql/clearing.ts";
import type { Wanted } from "#src/store/sql/clearing.ts";
import { lockHeld, rejectMessages } from "#src/store/sql/clearing-held.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";

export const REJECTIONS = ["not_our_patient", "wrong_number", "advertising", "abuse", "other"] as const;
export type Rejection = (typeof REJECTIONS)[number];

/**
 * Says that what is held is not for this house: it is kept like what a filter stops, can be let in again until then, and
 * is gone after that. `answer` keeps the wish that the sender be told.
 */
export async function reject(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  { reason, answer }: { readonly reason: Rejection; readonly answer: boolean },
): Promise<"rejected" | Refusal> {
  return deps.store.transaction(async (db) => {
    const found = await findTask(db, taskId);
    if (!found || found.closedAt) return "absent";
    const conversation = { channel: found.channel, key: found.laneKey };
    await lockConversation(db, conversation, ["prepare"]);
    const held = await lockHeld(db, found);
    const task = await lockTask(db, taskId);
    if (!task || task.closedAt) return "absent";
    if (held.length === 0) return "nothing_held";
    const now = new Date(deps.clock());
    const retainUntil = new Date(deps.retainFrom() + deps.policyOf(task.channel).afterFiledMs);
    const ids = held.map(({ id }) => id);
    await rejectMessages(db, ids, { now, retainUntil });
    if (answer) await setWanted(db, taskId, "answer", now);
    await closeTasks(db, [taskId], "rejected", now);
    await forgetEmptyLanes(db, conversation);
    const detail = { reason, answer, messages: ids.length };
    await by.journal({ action: "clearing.rejected", subject: taskId, detail }, db);
    return "rejected";
  });
}

/** Keeps the wish that the sender be asked for something. */
export async function want(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  wanted: Exclude<Wanted, "answer">,
): Promise<"wanted" | Refusal> {
  return deps.store.transaction(async (db) => {
    const task = await lockTask(db, taskId);
    if (!task || task.closedAt) return "absent";
    await setWanted(db, taskId, wanted, new Date(deps.clock()));
    await by.journal({ action: "clearing.wanted", subject: taskId, detail: { wanted } }, db);
    return "wanted";
  });
}

/** Lets a case be decided again that too many misses have locked: somebody who did not miss. */
export async function unlock(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  reason: string,
): Promise<"unlocked" | Refusal> {
  return deps.store.transaction(async (db) => {
    const task = await lockTask(db, taskId);
    if (!task?.lockedAt || task.closedAt) return "absent";
    if ((await missersOf(db, taskId)).includes(by.actor)) return "same_person";
    await setLocked(db, taskId, null);
    await forgetMisses(db, taskId);
    await by.journal({ action: "clearing.unlocked", subject: taskId, detail: { reason } }, db);
    return "unlocked";
  });
}
