import { readPersons } from "#src/identity/directory-deps.ts";
import { agedFor } from "#src/identity/links.ts";
import type { LinkRole } from "#src/message/link.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { ClearingDeps } from "./deps.ts";

/** Whether somebody would be made the guardian of a patient who speaks for himself. */
export async function isGuardianOfAdult(
  deps: ClearingDeps,
  db: Transaction,
  { role, patientId }: { readonly role: LinkRole; readonly patientId: string },
): Promise<boolean> {
  if (role !== "guardian") return false;
  const now = deps.clock();
  const patient = (await readPersons(deps, db, [patientId])).get(patientId);
  return agedFor({ role, seenAt: new Date(now) }, patient ?? {}, now) === "came_of_age";
}
