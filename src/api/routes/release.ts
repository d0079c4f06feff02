import type { Router } from "express";
import { z } from "zod";
import { releaseMessage } from "#src/store/sql/release.ts";
import { decisionRoute, words } from "../decision.ts";
import type { ApiDeps } from "../deps.ts";
import { ACTOR } from "../message-id.ts";
import { notFound, Problem } from "../problem.ts";

export const releaseSchema = z.strictObject({
  released_by: words(100).describe("Who decided; the journal keeps it."),
  reason: words(500).describe("Why; the journal keeps it for good: nothing about the patient."),
});

/** A person lets a quarantined message go on with its attachments as they are. */
export function releaseRoutes(deps: ApiDeps): Router {
  return decisionRoute(deps, "release", releaseSchema, (id, decision) => release(deps, id, decision));
}

async function release(deps: ApiDeps, id: string, decision: z.infer<typeof releaseSchema>): Promise<void> {
  const outcome = await deps.store.transaction(async (db) => {
    const moved = await releaseMessage(db, id, new Date(deps.now()));
    // Nothing is released of which the journal does not know.
    if (moved === "released") {
      await deps.journal({ action: "message.released", actor: ACTOR, subject: id, detail: decision }, db);
    }
    return moved;
  });
  if (outcome === "absent") throw notFound("message");
  if (outcome === "released") return;
  const detail =
    outcome === "refused"
      ? "Only messages held for quarantine can be released."
      : "An attachment has no bytes that could be filed; reprocess the message or ask for it again.";
  throw new Problem(409, "problem:not-releasable", "Cannot be released", detail);
}
