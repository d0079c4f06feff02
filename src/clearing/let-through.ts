import { caseKey } from "#src/identity/keys.ts";
import { linkKeys } from "#src/identity/links.ts";
import { makeLink } from "#src/identity/make-link.ts";
import { openLanes } from "#src/store/sql/lanes.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { rootsOf } from "#src/store/sql/directory.ts";
import { withdrawProposal, type Proposal, type TaskRow } from "#src/store/sql/clearing.ts";
import { bindMessages, letIn, WHOSE, type HeldMessage } from "#src/store/sql/clearing-held.ts";
import { authorOf } from "./author.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";
import { isGuardianOfAdult } from "./of-age.ts";

interface Decided {
  readonly task: TaskRow;
  readonly held: readonly HeldMessage[];
  readonly proposal: Proposal;
  /** Who proposed it, where somebody else decides now. */
  readonly proposedBy: string | null;
}

/**
 * Writes who a contact is, and lets in what is held of them, in its order. The caller holds the directory, the lanes of the
 * conversation, its held messages and the task.
 */
export async function letThrough(
  deps: ClearingDeps,
  db: Transaction,
  by: Decider,
  { task, held, proposal, proposedBy }: Decided,
): Promise<"assigned" | Refusal> {
  const now = new Date(deps.clock());
  const meant = proposal.messageIds ? held.filter(({ id }) => proposal.messageIds?.includes(id)) : held;
  if (meant.length === 0) return "nothing_held";
  const contact = await authorOf(deps, task.channel, meant);
  const keys = contact && linkKeys(deps.blindIndex, contact);
  if (!contact || !keys) return "nobody";
  const patientId = (await rootsOf(db, [proposal.patientId])).get(proposal.patientId);
  if (patientId === undefined) return "patient_gone";
  if (await isGuardianOfAdult(deps, db, { role: proposal.role, patientId })) return "of_age";
  const caseBi = proposal.scope === "case" ? await openCase(deps, patientId) : null;
  if (caseBi === undefined) return "no_case";
  const { role, scope, level, evidence } = proposal;
  const said = { verifiedBy: proposedBy ?? by.actor, approvedBy: proposedBy === null ? null : by.actor };
  const word = { patientId, role, scope, caseBi, level, evidence, ...said };
  const { id, ended } = await makeLink(deps, db, { contact, keys, word, now });
  const whose = meant.filter(({ reason }) => WHOSE.has(reason)).map((message) => message.id);
  await bindMessages(
    db,
    meant.map((message) => message.id),
    id,
  );
  await letIn(db, whose, now);
  await openLanes(db, [{ channel: task.channel, stage: "prepare", key: task.laneKey, count: whose.length }]);
  if (task.proposal) await withdrawProposal(db, task.id);
  const patient = deps.blindIndex.of("patient", patientId).toString("hex");
  const detail = { link: id, role, scope, level, evidence, messages: whose.length, patient, proposed_by: proposedBy };
  await by.journal({ action: "clearing.assigned", subject: task.id, detail }, db);
  for (const one of ended) await by.journal({ action: "link.ended", subject: one, detail: { reason: "replaced" } }, db);
  return "assigned";
}

/** The patient's only open case; undefined where there is none, or several. */
async function openCase(deps: ClearingDeps, patientId: string): Promise<Buffer | undefined> {
  const encounter = await deps.directory.onlyOpenEncounter(patientId);
  return encounter && caseKey(deps.blindIndex, encounter.number);
}
