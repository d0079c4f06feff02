import express, { Router } from "express";
import { z } from "zod";
import type { ApiDeps } from "./deps.ts";
import { messageIdOf } from "./message-id.ts";
import { showMessage } from "./message-view.ts";
import { invalidBody, methodNotAllowed, notFound } from "./problem.ts";

/** A decision is a name and a sentence. */
const MAX_BODY = "8kb";

/** What a person writes for the journal, which keeps it as JSON in PostgreSQL and so no U+0000. */
export function words(max: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !text.includes("\0"), "must not contain U+0000");
}

/** `POST /messages/:id/<verb>`: a person decides about a message, is told what becomes of it, and it goes on at once. */
export function decisionRoute<Decision>(
  deps: ApiDeps,
  verb: string,
  schema: z.ZodType<Decision>,
  carryOut: (id: string, decision: Decision) => Promise<void>,
): Router {
  const router = Router();
  router
    .route(`/messages/:id/${verb}`)
    .post(express.json({ limit: MAX_BODY, inflate: false }), async (request, response) => {
      const decision = schema.safeParse(request.body);
      if (!decision.success) throw invalidBody(decision.error);
      const id = messageIdOf(request);
      await carryOut(id, decision.data);
      const message = await showMessage(deps, id);
      if (!message) throw notFound("message");
      deps.wake(message.channel);
      response.status(202).json(message);
    })
    .all(methodNotAllowed("POST"));
  return router;
}
