import { randomUUID } from "node:crypto";
import { closeTasks, heldWithoutTask, openTasks, tasksDone } from "#src/store/sql/clearing.ts";
import type { ClearingDeps } from "./deps.ts";

/**
 * Opens a task for whatever is held and has none, and closes those of which nothing is held any more. Called before every
 * look at the tasks, so that nothing held is ever without one.
 */
export async function bringUpToDate(deps: ClearingDeps): Promise<{ opened: number; closed: number }> {
  const { store } = deps;
  const now = new Date(deps.clock());
  const [without, done] = await Promise.all([heldWithoutTask(store.reading), tasksDone(store.reading)]);
  if (without.length + done.length === 0) return { opened: 0, closed: 0 };
  const drafts = without.map(({ channel, laneKey, contactBi, since }) => {
    const { dueAfterMs, escalateAfterMs } = deps.policyOf(channel);
    const at = (ms: number) => new Date(since.getTime() + ms);
    const clock = { openedAt: since, dueAt: at(dueAfterMs), escalateAt: at(escalateAfterMs) };
    return { id: randomUUID(), channel, laneKey, contactBi, ...clock };
  });
  await store.transaction(async (db) => {
    if (done.length > 0) await closeTasks(db, done, "decided", now);
    if (drafts.length > 0) await openTasks(db, drafts);
  });
  return { opened: drafts.length, closed: done.length };
}
