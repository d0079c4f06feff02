import { z } from "zod";
import { WITHDRAWALS, type Withdrawal } from "#src/message/state.ts";
import { withdrawMessage as takeOut } from "#src/decisions/withdraw.ts";
import { decided, decider, detailOf } from "../decision.ts";
import { messageParams } from "../message-id.ts";
import { messageDetailSchema } from "../message-schema.ts";
import { showMessage } from "../message-view.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

const withdrawSchema = z.strictObject({
  withdrawn_by: decider,
  reason: z
    .enum(Object.keys(WITHDRAWALS) as [Withdrawal, ...Withdrawal[]])
    .describe("Why; the journal keeps it. No free text: it could tell of the patient."),
});

export const withdrawMessage = route({
  operationId: "withdrawMessage",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/:id/withdraw",
  right: "messages.withdraw",
  summary: "Takes a message out of every chart that has it, or may have it; asked twice, it happens once",
  details:
    "Its deliveries tell how far the withdrawal is. `sent_by_mistake` is purged like what was filed; for any other " +
    "reason it waits to be reprocessed. Asked again with another reason, that changes.",
  params: messageParams,
  names: "message",
  body: withdrawSchema,
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: {
    409:
      "No destination has it, it was purged here, it stands in a day's document with others, or an attempt to " +
      "deliver it is under way.",
  },
  handle: async ({ params: { id }, body }, context) => {
    await withdraw(context, id, body);
    return decided(context, id);
  },
});

async function withdraw(context: RouteContext, id: string, decision: z.infer<typeof withdrawSchema>): Promise<void> {
  const { deps, principal } = context;
  const detail = detailOf(principal, decision, "withdrawn_by");
  const outcome = await deps.store.transaction(async (db) => {
    const withdrawn = await takeOut(db, id, decision.reason, deps.terms());
    // Nothing is withdrawn of which the journal does not know; asked twice, it happens once.
    if (withdrawn === "withdrawing" || withdrawn === "changed")
      await context.journal({ action: "message.withdrawn", subject: id, detail }, db);
    return withdrawn;
  });
  if (outcome === "withdrawing" || outcome === "changed" || outcome === "already") return;
  if (outcome === "absent" && !(await showMessage(deps, id))) throw notFound("message");
  throw new Problem(409, "problem:not-withdrawable", "Cannot be withdrawn", DETAILS[outcome]);
}

const DETAILS = {
  absent: "It was purged here; only the KIS can take it out of the chart.",
  nowhere: "No destination has it as a document.",
  day: "It stands in the day's document with other messages; correct that document in the KIS.",
  sending: "An attempt to deliver it is under way; ask again when it was answered.",
} as const;
