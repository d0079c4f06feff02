import { randomUUID } from "node:crypto";
import { closeTasks, heldWithoutTask, openTasks, tasksDone, type TaskKey } from "#src/store/sql/clearing.ts";
import { heldOf } from "#src/store/sql/clearing-held.ts";
import { authorOf } from "./author.ts";
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
  const drafts = await Promise.all(
    without.map(async ({ since, ...key }) => {
      const { dueAfterMs, escalateAfterMs } = deps.policyOf(key.channel);
      const at = (ms: number) => new Date(since.getTime() + ms);
      const wanted = (await isNamelessStranger(deps, key)) ? ("contact_card" as const) : null;
      const clock = { openedAt: since, dueAt: at(dueAfterMs), escalateAt: at(escalateAfterMs) };
      return { id: randomUUID(), ...key, ...clock, wanted, wantedAt: wanted && now };
    }),
  );
  await store.transaction(async (db) => {
    if (done.length > 0) await closeTasks(db, done, "decided", now);
    if (drafts.length > 0) await openTasks(db, drafts);
  });
  return { opened: drafts.length, closed: done.length };
}

/** Whether nobody can be found by what the sender shows: a user id that no number was ever seen with. Then it is asked for. */
async function isNamelessStranger(deps: ClearingDeps, key: TaskKey): Promise<boolean> {
  const held = (await heldOf(deps.store.reading, key)).filter(({ reason }) => reason === "unknown");
  const contact = await authorOf(deps, key.channel, held).catch(() => undefined);
  return contact?.userId !== undefined && contact.phone === undefined;
}
