import express, { Router } from "express";
import { z } from "zod";
import { releaseMessage } from "#src/store/sql/release.ts";
import type { ApiDeps } from "./deps.ts";
import { ACTOR, messageIdOf } from "./message-id.ts";
import { showMessage } from "./message-view.ts";
import { invalidBody, methodNotAllowed, notFound, Problem } from "./problem.ts";

/** A decision is a name and a sentence. */
const MAX_BODY = "8kb";

export const releaseSchema = z.strictObject({
  released_by: z.string().trim().min(1).max(100).describe("Who decided; the journal keeps it."),
  reason: z.string().trim().min(1).max(500).describe("Why; the journal keeps it for good: nothing about the patient."),
});

/** A person lets a quarantined message go on with its attachments as they are. */
export function releaseRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/messages/:id/release")
    .post(express.json({ limit: MAX_BODY, inflate: false }), async (request, response) => {
      const decision = releaseSchema.safeParse(request.body);
      if (!decision.success) throw invalidBody(decision.error);
      const id = messageIdOf(request);
      await release(deps, id, decision.data);
      const message = await showMessage(deps, id);
      if (!message) throw notFound("message");
      deps.wake(message.channel);
      response.status(202).json(message);
    })
    .all(methodNotAllowed("POST"));
  return router;
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
