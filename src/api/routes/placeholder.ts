import { z } from "zod";
import { fileWithPlaceholders } from "#src/decisions/placeholder.ts";
import { decided, decider, detailOf, words } from "../decision.ts";
import { messageParams } from "../message-id.ts";
import { messageDetailSchema } from "../message-schema.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route } from "../route.ts";

const placeholderSchema = z.strictObject({
  decided_by: decider,
  reason: words(500).describe("Why; the journal keeps it for good: nothing about the patient."),
});

export const placeholder = route({
  operationId: "fileWithPlaceholders",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/:id/placeholder",
  right: "messages.release",
  summary: "Lets a message go on without the attachments it waits for; the chart shows a line in place of each",
  details:
    "One that cannot be fetched follows when it comes; one that was refused is left out for good; of a message that " +
    "went on already the line becomes final. The journal keeps who and why.",
  params: messageParams,
  names: "message",
  body: placeholderSchema,
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: { 409: "It waits for no attachment." },
  handle: async ({ params: { id }, body }, context) => {
    const { deps, principal } = context;
    const detail = detailOf(principal, body, "decided_by");
    const outcome = await deps.store.transaction(async (db) => {
      const moved = await fileWithPlaceholders(db, id, new Date(deps.now()));
      if (moved === "goes_on") await context.journal({ action: "message.placeholder", subject: id, detail }, db);
      return moved;
    });
    if (outcome === "absent") throw notFound("message");
    if (outcome === "refused") {
      throw new Problem(409, "problem:nothing-awaited", "Nothing is awaited", "The message waits for no attachment.");
    }
    return decided(context, id);
  },
});
