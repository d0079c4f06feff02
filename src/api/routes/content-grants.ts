import { randomUUID } from "node:crypto";
import { z } from "zod";
import { may } from "#src/audit/principal.ts";
import {
  askForContent,
  findContentGrant,
  giveContent,
  listContentGrants,
  type ContentGrant,
} from "#src/store/sql/content-grants.ts";
import { getMessage } from "#src/store/sql/messages.ts";
import { words } from "../decision.ts";
import { notFound, personsOnly, Problem } from "../problem.ts";
import { json, route } from "../route.ts";

/** An unanswered question ends after this long. */
const ASKED_MS = 3_600_000;
/** Leave to read lasts this long. */
const GIVEN_MS = 900_000;

const grantSchema = z.strictObject({
  id: z.uuid(),
  message: z.uuid(),
  channel: z.string(),
  reason: z.string(),
  asked_by: z.string().describe("The journal's word for the person: nothing personal."),
  mine: z.boolean().describe("Asked for by whoever asks now."),
  asked_at: z.iso.datetime(),
  granted: z.boolean(),
  ends_at: z.iso.datetime().describe("Of the question, or of the leave."),
});

// Break-glass for content: one message, a reason, a second person, 15 minutes.

export const askContent = route({
  operationId: "askContent",
  tag: "messages",
  method: "post",
  path: "/api/v1/content-grants",
  right: "content.ask",
  summary: "Asks for leave to read one message",
  details: "Persons only. Another person gives it or lets the question end after an hour.",
  body: z.strictObject({
    message: z.uuid(),
    reason: words(500).describe("Why; the journal keeps it for good: nothing about the patient."),
  }),
  answer: json("ContentGrant", grantSchema, "The question.", 201),
  problems: { 404: "No such message." },
  handle: async ({ body }, context) => {
    const { deps, principal, channels } = context;
    if (!principal.person) throw personsOnly;
    const message = await getMessage(deps.store, body.message);
    if (!message || channels?.includes(message.channel) === false) throw notFound("message");
    const now = deps.now();
    const grant = {
      id: randomUUID(),
      messageId: message.id,
      channel: message.channel,
      reason: body.reason,
      askedBy: principal.actor,
      askedAt: new Date(now),
      endsAt: new Date(now + ASKED_MS),
    };
    await deps.store.transaction(async (db) => {
      await askForContent(db, grant);
      const detail = { grant: grant.id, channel: grant.channel, reason: grant.reason };
      await context.journal({ action: "content.asked", subject: grant.messageId, detail }, db);
    });
    return show({ ...grant, grantedBy: null }, principal.actor);
  },
});

export const listContent = route({
  operationId: "listContentGrants",
  tag: "messages",
  method: "get",
  path: "/api/v1/content-grants",
  right: "somebody",
  summary: "Lists questions for leave to read: one's own, and with the right `content.grant` everybody's",
  answer: json("ContentGrantList", z.strictObject({ items: z.array(grantSchema) }), "The open ones, newest first."),
  handle: async (_input, { deps, principal }) => {
    const gives = may(principal, "content.grant");
    const grants = await listContentGrants(deps.store, new Date(deps.now()), {
      askedBy: gives ? undefined : principal.actor,
    });
    return {
      items: grants
        .filter(({ channel, askedBy }) => askedBy === principal.actor || may(principal, "content.grant", channel))
        .map((grant) => show(grant, principal.actor)),
    };
  },
});

export const grantContent = route({
  operationId: "grantContent",
  tag: "messages",
  method: "post",
  path: "/api/v1/content-grants/:id/grant",
  right: "content.grant",
  summary: "Gives another person leave to read one message for 15 minutes",
  details: "Persons only, never oneself.",
  params: z.strictObject({ id: z.uuid() }),
  names: "question",
  answer: json("ContentGrant", grantSchema, "The leave.", 201),
  problems: { 404: "No such question, or it has ended.", 409: "It is one's own, or leave was given already." },
  handle: async ({ params: { id } }, context) => {
    const { deps, principal, channels } = context;
    if (!principal.person) throw personsOnly;
    const now = new Date(deps.now());
    const grant = await findContentGrant(deps.store, id, now);
    if (!grant || channels?.includes(grant.channel) === false) throw notFound("question");
    const endsAt = new Date(now.getTime() + GIVEN_MS);
    const given = await deps.store.transaction(async (db) => {
      const done = await giveContent(db, id, { grantedBy: principal.actor, now, endsAt });
      const detail = { grant: id, to: grant.askedBy, until: endsAt.toISOString() };
      if (done) await context.journal({ action: "content.granted", subject: grant.messageId, detail }, db);
      return done;
    });
    if (!given)
      throw new Problem(409, "problem:not-grantable", "Cannot be given", "It is your own, or it was given already.");
    return show({ ...grant, grantedBy: principal.actor, endsAt }, principal.actor);
  },
});

function show(grant: ContentGrant, me: string): z.infer<typeof grantSchema> {
  return {
    id: grant.id,
    message: grant.messageId,
    channel: grant.channel,
    reason: grant.reason,
    asked_by: grant.askedBy,
    mine: grant.askedBy === me,
    asked_at: grant.askedAt.toISOString(),
    granted: grant.grantedBy !== null,
    ends_at: grant.endsAt.toISOString(),
  };
}
