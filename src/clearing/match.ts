import { randomUUID } from "node:crypto";
import { isTrueOf, patientByTyped, type Typed } from "#src/identity/typed.ts";
import type { Patient } from "#src/message/directory.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { countMiss, lockTask, missesBy, setLocked, writeProof, type TaskRow } from "#src/store/sql/clearing.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";

/** So many misses lock a case, whoever typed them. */
export const MOST_MISSES = 5;
/** And so many within a day one person, whatever the cases. */
export const MOST_OF_ONE = 20;
const A_DAY_MS = 86_400_000;
const PROOF_MS = 600_000;

export type Matched =
  { readonly match: false } | { readonly match: true; readonly proof: string; readonly patient: Patient };

/**
 * Compares two identifiers that somebody got elsewhere with the directory. Who it is, is told once both are one patient's;
 * before, and otherwise, nothing but that they are not. What was typed is kept nowhere.
 */
export async function matchTwo(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  typed: readonly [Typed, Typed],
): Promise<Matched | Refusal> {
  return deps.store.transaction(async (db) => {
    const now = new Date(deps.clock());
    const task = await lockTask(db, taskId);
    const refusal = await mayType(db, task, by, now);
    if (!task || refusal) return refusal ?? "absent";
    const found = await patientByTyped(deps, db, typed);
    const detail = { match: found !== undefined, kinds: typed.map(({ kind }) => kind).join(" ") };
    await by.journal({ action: "clearing.compared", subject: task.id, detail }, db);
    if (!found) {
      await miss(db, task, by, now);
      return { match: false };
    }
    const proof = { id: randomUUID(), taskId, actor: by.actor, patientId: found.patientId };
    await writeProof(db, { ...proof, until: new Date(now.getTime() + PROOF_MS) });
    return { match: true, proof: proof.id, patient: found.patient };
  });
}

/** Whether one more identifier, typed by somebody else, is the patient's too; a miss is counted. */
export async function matchOne(
  deps: ClearingDeps,
  db: Transaction,
  by: Decider,
  task: TaskRow,
  patientId: string,
  typed: Typed,
): Promise<boolean> {
  const now = new Date(deps.clock());
  const match = await isTrueOf(deps, db, patientId, typed);
  await by.journal({ action: "clearing.compared", subject: task.id, detail: { match, kinds: typed.kind } }, db);
  if (!match) await miss(db, task, by, now);
  return match;
}

/** Why this person may type nothing more, if so. */
export async function mayType(
  db: Transaction,
  task: TaskRow | undefined,
  by: Decider,
  now: Date,
): Promise<Refusal | undefined> {
  if (!task || task.closedAt) return "absent";
  if (task.lockedAt) return "locked";
  const misses = await missesBy(db, by.actor, new Date(now.getTime() - A_DAY_MS));
  return misses >= MOST_OF_ONE ? "tired" : undefined;
}

async function miss(db: Transaction, task: TaskRow, by: Decider, now: Date): Promise<void> {
  if ((await countMiss(db, task.id, by.actor, now)) < MOST_MISSES) return;
  await setLocked(db, task.id, now);
  await by.journal({ action: "clearing.locked", subject: task.id, detail: { misses: MOST_MISSES } }, db);
}
