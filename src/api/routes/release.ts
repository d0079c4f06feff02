import { z } from "zod";
import { releaseMessage as letGoOn } from "#src/decisions/release.ts";
import { decided, decider, detailOf, words } from "../decision.ts";
import { messageParams } from "../message-id.ts";
import { messageDetailSchema } from "../message-schema.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

const releaseSchema = z.strictObject({
  released_by: decider,
  reason: words(500).describe("Why; the journal keeps it for good: nothing about the patient."),
});

export const releaseMessage = route({
  operationId: "releaseMessage",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/:id/release",
  right: "messages.release",
  summary: "Lets a quarantined message go on, or one whose number moved to another patient",
  details:
    "Attachments go on as they are. A number that an ADT moved is the new patient's from now on. The journal keeps who and why.",
  params: messageParams,
  names: "message",
  body: releaseSchema,
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: { 409: "It waits for no such word, or there is nothing to release." },
  handle: async ({ params: { id }, body }, context) => {
    await release(context, id, body);
    return decided(context, id);
  },
});

async function release(context: RouteContext, id: string, decision: z.infer<typeof releaseSchema>): Promise<void> {
  const { deps, principal } = context;
  const detail = detailOf(principal, decision, "released_by");
  const outcome = await deps.store.transaction(async (db) => {
    const moved = await letGoOn(db, id, new Date(deps.now()));
    // Nothing is released of which the journal does not know.
    if (moved === "released") await context.journal({ action: "message.released", subject: id, detail }, db);
    return moved;
  });
  if (outcome === "absent") throw notFound("message");
  if (outcome === "released") return;
  const why =
    outcome === "refused"
      ? "Only messages held as quarantine, number_moved or same_patient are released, and a number only while one patient has it."
      : "An attachment has no bytes that could be filed; reprocess the message or ask for it again.";
  throw new Problem(409, "problem:not-releasable", "Cannot be released", why);
}
