import { z } from "zod";
import { resendDelivery as sendAgain, type Resent } from "#src/decisions/resend.ts";
import { skipDelivery as giveUp, type Skipped } from "#src/decisions/skip.ts";
import { RESENDS, SKIPS } from "#src/message/state.ts";
import { decided, decider, detailOf } from "../decision.ts";
import { deliveryParams } from "../message-id.ts";
import { messageDetailSchema } from "../message-schema.ts";
import { showMessage } from "../message-view.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

// What people decide about a message at one destination.

const CLOSED = "Why; the journal keeps it. No free text: it could tell of the patient.";

const skipSchema = z.strictObject({
  skipped_by: decider,
  reason: z.enum(SKIPS).describe(CLOSED),
});

export const skipDelivery = route({
  operationId: "skipDelivery",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/:id/deliveries/:destination/skip",
  right: "messages.skip",
  summary: "Gives a delivery up that this destination never takes; the message is filed where the others have it",
  details:
    "Where the message is being withdrawn, the withdrawal is given up. What is skipped confirms nothing: a message that no " +
    "other destination confirms stays `failed`, and is not purged.",
  params: deliveryParams,
  names: "message",
  body: skipSchema,
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: { 409: "The destination has it, it was purged here, or an attempt to deliver it is under way." },
  handle: async ({ params: { id, destination }, body }, context) => {
    const detail = { destination, ...detailOf(context.principal, body, "skipped_by") };
    const outcome = await journaled(context, (db) => giveUp(db, id, destination, context.deps.terms()), {
      ...{ done: "skipped", action: "message.skipped", subject: id, detail },
    });
    await refuse(context, id, outcome, SKIP_REFUSED);
    return decided(context, id);
  },
});

const SKIP_REFUSED = {
  title: "Cannot be skipped",
  type: "problem:not-skippable",
  absent: "It was purged here.",
  sending: "An attempt to deliver it is under way; ask again when it was answered.",
  over: "There is nothing left to skip: the destination has it, or it was cancelled.",
} as const;

const resendSchema = z.strictObject({
  resent_by: decider,
  reason: z.enum(RESENDS).describe(CLOSED),
});

export const resendDelivery = route({
  operationId: "resendDelivery",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/:id/deliveries/:destination/resend",
  right: "messages.resend",
  summary: "Sends the message to this destination once more: the identical bytes under the same ids",
  details: "Also one that is filed or was skipped. Its retention begins anew when the destination has it.",
  params: deliveryParams,
  names: "message",
  body: resendSchema,
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: {
    409: "It was purged here, it was withdrawn, or a later message of its day made a newer version of its document.",
  },
  handle: async ({ params: { id, destination }, body }, context) => {
    const { deps } = context;
    const now = new Date(deps.now());
    const detail = { destination, ...detailOf(context.principal, body, "resent_by") };
    const outcome = await journaled(context, (db) => sendAgain(db, deps.sealer, id, { destination, now }), {
      ...{ done: "resent", action: "message.resent", subject: id, detail },
    });
    await refuse(context, id, outcome, RESEND_REFUSED);
    return decided(context, id);
  },
});

const RESEND_REFUSED = {
  title: "Cannot be sent again",
  type: "problem:not-resendable",
  absent: "It was purged here.",
  withdrawn: "It was taken out of the chart; reprocess it to file it anew.",
  day: "A later message of its day made a newer version of the document: send that one again.",
} as const;

type Entry = Parameters<RouteContext["journal"]>[0];

/** Nothing is decided of which the journal does not know; asked twice, it happens once. */
async function journaled<Outcome extends string>(
  context: RouteContext,
  decide: (db: Parameters<RouteContext["journal"]>[1]) => Promise<Outcome>,
  { done, ...entry }: Entry & { readonly done: Outcome },
): Promise<Outcome> {
  return context.deps.store.transaction(async (db) => {
    const outcome = await decide(db);
    if (outcome === done) await context.journal(entry, db);
    return outcome;
  });
}

type Refusal = Readonly<Record<string, string>> & { readonly title: string; readonly type: string };

async function refuse({ deps }: RouteContext, id: string, outcome: Skipped | Resent, why: Refusal): Promise<void> {
  if (outcome === "nothing" || (outcome === "absent" && !(await showMessage(deps, id)))) throw notFound("delivery");
  const detail = why[outcome];
  if (detail !== undefined) throw new Problem(409, why.type, why.title, detail);
}
