import { codeIn, issueCode, redeemCode, type Issued } from "#src/identity/codes.ts";
import type { Typed } from "#src/identity/typed.ts";
import type { LinkRole } from "#src/message/link.ts";
import { findTask } from "#src/store/sql/clearing.ts";
import { heldOf } from "#src/store/sql/clearing-held.ts";
import { authorOf } from "./author.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";
import { isSamePerson } from "./same-person.ts";
import { typedPatient } from "./typed-patient.ts";

/** Makes a code for the patient two identifiers are true of: for a slip or a QR that only they get. */
export async function issue(
  deps: ClearingDeps,
  by: Decider,
  {
    identifiers,
    role,
    validMs,
  }: { readonly identifiers: readonly Typed[]; readonly role: LinkRole; readonly validMs: number },
): Promise<(Issued & { readonly expiresAt: Date }) | Refusal> {
  return deps.store.transaction(async (db) => {
    const found = await typedPatient(deps, db, by, identifiers);
    if (typeof found === "string") return found;
    const issuedAt = new Date(deps.clock());
    const expiresAt = new Date(issuedAt.getTime() + validMs);
    const { patientId } = found;
    const issued = await issueCode(deps, db, { patientId, role, issuedBy: by.actor, issuedAt, expiresAt });
    const patient = deps.blindIndex.of("patient", patientId).toString("hex");
    const detail = { patient, role, expires_at: expiresAt.toISOString() };
    await by.journal({ action: "code.issued", subject: issued.id, detail }, db);
    return { ...issued, expiresAt };
  });
}

/**
 * Uses a code that somebody told by telephone, or wrote so that the engine could not read it, for who wrote what is held.
 * With four eyes not by whoever made it: one person alone would say who a stranger is.
 */
export async function redeem(
  deps: ClearingDeps,
  by: Decider,
  taskId: string,
  written: string,
): Promise<"assigned" | Refusal> {
  const task = await findTask(deps.store.reading, taskId);
  if (!task || task.closedAt) return "absent";
  const contact = await authorOf(deps, task.channel, await heldOf(deps.store.reading, task));
  if (!contact) return "nobody";
  const code = codeIn(written.toUpperCase().startsWith("BOT") ? written : `BOT ${written}`);
  if (code === undefined) return "no_code";
  return deps.store.transaction(async (db) => {
    const { fourEyes } = deps.policyOf(task.channel);
    const isOwn = async (actor: string) => fourEyes && isSamePerson(db, by, { actor });
    const redeemed = await redeemCode(deps, db, { code, contact, now: new Date(deps.clock()), isOwn });
    const { outcome } = redeemed;
    await by.journal({ action: "code.tried", subject: task.id, detail: { outcome } }, db);
    if (outcome === "own") return "same_person";
    if (outcome !== "linked") return "no_code";
    const detail = { evidence: "code", level: redeemed.level, task: task.id };
    await by.journal({ action: "link.made", subject: redeemed.id, detail }, db);
    for (const id of redeemed.ended)
      await by.journal({ action: "link.ended", subject: id, detail: { reason: "replaced" } }, db);
    return "assigned";
  });
}
