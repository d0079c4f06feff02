import type { Router } from "express";
import { z } from "zod";
import { withdrawMessage } from "#src/store/sql/withdraw.ts";
import { decisionRoute, words } from "../decision.ts";
import type { ApiDeps } from "../deps.ts";
import { ACTOR } from "../message-id.ts";
import { showMessage } from "../message-view.ts";
import { notFound, Problem } from "../problem.ts";

export const withdrawSchema = z.strictObject({
  withdrawn_by: words(100).describe("Who decided; the journal keeps it."),
  reason: z
    .enum(["wrong_patient", "wrong_case", "sent_by_mistake", "other"])
    .describe("Why; the journal keeps it. No free text: it could tell of the patient."),
});

/** A person takes a message out of the charts it was filed in. */
export function withdrawRoutes(deps: ApiDeps): Router {
  return decisionRoute(deps, "withdraw", withdrawSchema, (id, decision) => withdraw(deps, id, decision));
}

async function withdraw(deps: ApiDeps, id: string, decision: z.infer<typeof withdrawSchema>): Promise<void> {
  const outcome = await deps.store.transaction(async (db) => {
    const withdrawn = await withdrawMessage(db, id, new Date(deps.now()));
    // Nothing is withdrawn of which the journal does not know; asked twice, it happens once.
    if (withdrawn === "withdrawing") {
      await deps.journal({ action: "message.withdrawn", actor: ACTOR, subject: id, detail: decision }, db);
    }
    return withdrawn;
  });
  if (outcome === "withdrawing" || outcome === "already") return;
  if (outcome === "absent" && !(await showMessage(deps, id))) throw notFound("message");
  throw new Problem(409, "problem:not-withdrawable", "Cannot be withdrawn", DETAILS[outcome]);
}

const DETAILS = {
  absent: "It was purged here; only the KIS can take it out of the chart.",
  nowhere: "No destination has it as a document.",
  day: "It stands in the day's document with other messages; correct that document in the KIS.",
  sending: "An attempt to deliver it is under way; ask again when it was answered.",
} as const;
