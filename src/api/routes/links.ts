import { z } from "zod";
import { channelsOf, may } from "#src/audit/principal.ts";
import { LINK_ROLES } from "#src/message/link.ts";
import { parseDuration } from "#src/message/duration.ts";
import { deciderOf, decision, done, refused } from "../clearing-decision.ts";
import { approveSchema, declineSchema, matchSchema } from "../clearing-schema.ts";
import { words } from "../decision.ts";
import { linkSchema, showLink, showWaiting, waitingLinkSchema } from "../link-view.ts";
import { json, route } from "../route.ts";

const PATH = "/api/v1/links/:id";
const instant = z.iso.datetime();
const onLink = { tag: "clearing", params: z.strictObject({ id: z.uuid() }), names: "link" } as const;
const conflict = { 409: "It cannot be done so: the detail says why." } as const;
const USERS = "Refused for whoever may not decide on every channel on which the contact of the link writes.";
const LEAST_MS = 600_000;
const MOST_MS = 259_200_000;

const validFor = z
  .string()
  .default("P1D")
  .transform((text, context) => {
    try {
      const ms = parseDuration(text);
      if (ms >= LEAST_MS && ms <= MOST_MS) return ms;
    } catch {
      // Said below, whatever is wrong with it.
    }
    context.addIssue({ code: "custom", message: "An ISO 8601 duration from PT10M to PT72H" });
    return z.NEVER;
  })
  .describe("How long it can be used, ISO 8601, PT10M to PT72H.");

const linkDecided = z.strictObject({
  outcome: z.enum(["lowered", "ended", "verified", "proposed", "declined", "taken"]),
});
const outcome = json("LinkDecision", linkDecided, "It is done.");

// Links: who a contact is, from now on; and the codes by which patients say it themselves.

export const issueCode = route({
  operationId: "issueCode",
  tag: "clearing",
  method: "post",
  path: "/api/v1/codes",
  right: "codes.issue",
  summary: "Makes a code for a patient, for a slip or a QR: whoever sends it is linked at level 2",
  details:
    "Single use, five tries. The code is shown this once. In a QR: the address `https://wa.me/<number>?text=<code>`.",
  body: matchSchema.extend({ role: z.enum(LINK_ROLES).default("self"), valid: validFor }),
  answer: json(
    "IssuedCode",
    z.strictObject({ id: z.uuid(), code: z.string(), expires_at: instant }),
    "The code, shown this once.",
    201,
  ),
  problems: conflict,
  handle: async ({ body: { valid: validMs, ...wish } }, context) => {
    const issued = await context.deps.clearing.issue(deciderOf(context), { ...wish, validMs });
    if (typeof issued === "string") throw refused(issued);
    return { id: issued.id, code: issued.code, expires_at: issued.expiresAt.toISOString() };
  },
});

export const redeemClearing = route({
  ...onLink,
  names: "task",
  operationId: "redeemClearing",
  method: "post",
  path: "/api/v1/clearing/:id/code",
  right: "clearing.decide",
  summary: "Uses a code given at admission for who wrote what is held; a text that holds one does so by itself",
  body: z.strictObject({ code: z.string().trim().min(1).max(32) }),
  answer: decision,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    done(context, id, await context.deps.clearing.redeem(deciderOf(context), id, body.code)),
});

export const findLinks = route({
  operationId: "findLinks",
  tag: "clearing",
  method: "post",
  path: "/api/v1/links/find",
  right: "clearing.decide",
  summary: "Lists the links of the patient whom two identifiers match, ended ones too, newest first",
  body: matchSchema,
  answer: json("LinkList", z.strictObject({ items: z.array(linkSchema) }), "At most 100."),
  problems: conflict,
  handle: async ({ body: { identifiers } }, context) => {
    const links = await context.deps.clearing.linksOfTyped(deciderOf(context), identifiers);
    if (typeof links === "string") throw refused(links);
    return { items: links.map(showLink) };
  },
});

export const lowerLink = route({
  ...onLink,
  operationId: "lowerLink",
  method: "post",
  path: `${PATH}/lower`,
  right: "clearing.decide",
  summary: "Says that a link holds no more: what the contact writes is held until somebody decides",
  details: USERS,
  body: z.strictObject({ reason: z.enum(["consent_withdrawn", "staff_report"]) }),
  answer: outcome,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    told(await context.deps.clearing.report(deciderOf(context), id, body.reason)),
});

export const endLink = route({
  ...onLink,
  operationId: "endLink",
  method: "post",
  path: `${PATH}/end`,
  right: "clearing.decide",
  summary: "Ends a link for good: the contact is a stranger again",
  details: USERS,
  body: z.strictObject({ reason: words(500).describe("Why; the journal keeps it: nothing about the patient.") }),
  answer: outcome,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    told(await context.deps.clearing.end(deciderOf(context), id, body.reason)),
});

export const verifyLink = route({
  ...onLink,
  operationId: "verifyLink",
  method: "post",
  path: `${PATH}/verify`,
  right: "clearing.decide",
  summary: "Says that a contact is still this patient's: two identifiers, or seen in person",
  details:
    "Where a channel on which the contact writes has `four_eyes` it is a proposal: another person confirms it within a day.",
  body: matchSchema.extend({ evidence: z.enum(["clerk", "in_person"]).default("clerk") }),
  answer: outcome,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    told(await context.deps.clearing.verify(deciderOf(context), id, body)),
});

export const challengeLink = route({
  ...onLink,
  operationId: "challengeLink",
  method: "post",
  path: `${PATH}/challenge`,
  right: "clearing.decide",
  summary: "Takes the answer to the challenge, day and month of birth; always the same answer, whatever it is",
  details:
    "Right, and the link made by a code has level 3. Five wrong answers, and no more are taken. With `four_eyes` somebody " +
    "else types it than made the code.",
  body: z.strictObject({ answer: z.string().trim().min(1).max(32).describe("As 12.8.") }),
  answer: outcome,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    told(await context.deps.clearing.answerChallenge(deciderOf(context), id, body.answer)),
});

export const listWaitingLinks = route({
  operationId: "listWaitingLinks",
  tag: "clearing",
  method: "get",
  path: "/api/v1/links/waiting",
  right: "clearing.read",
  summary: "Lists links of which one person said something that another has to confirm, the longest waiting first",
  answer: json("WaitingLinkList", z.strictObject({ items: z.array(waitingLinkSchema) }), "At most 100."),
  handle: async (_input, context) => {
    const { deps, principal } = context;
    const decides = may(principal, "clearing.decide") || may(principal, "clearing.approve");
    const links = await deps.clearing.waitingLinks(deciderOf(context));
    return { items: links.map((link) => showWaiting(link, { actor: principal.actor, decides })) };
  },
});

export const approveLink = route({
  ...onLink,
  operationId: "approveLink",
  method: "post",
  path: `${PATH}/approve`,
  right: "clearing.approve",
  summary: "Confirms what another person said of a link, by typing one identifier again",
  details: "After five wrong ones the proposal falls.",
  body: approveSchema,
  answer: outcome,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) =>
    told(await context.deps.clearing.approveLink(deciderOf(context), id, body.identifier)),
});

export const declineLink = route({
  ...onLink,
  operationId: "declineLink",
  method: "post",
  path: `${PATH}/decline`,
  right: "clearing.read",
  summary: "Takes what is proposed of a link off the table: whoever made it, or may confirm it",
  body: declineSchema,
  answer: outcome,
  problems: conflict,
  handle: async ({ params: { id }, body }, context) => {
    const approves = may(context.principal, "clearing.approve");
    const channels = channelsOf(context.principal, "clearing.approve");
    const by = { ...deciderOf(context), approves, ...(channels && { channels }) };
    return told(await context.deps.clearing.declineLink(by, id, body.reason));
  },
});

type Told = z.infer<typeof linkDecided>["outcome"];

function told(outcome: Told | Parameters<typeof refused>[0]): z.infer<typeof linkDecided> {
  const done = linkDecided.shape.outcome.safeParse(outcome);
  if (done.success) return { outcome: done.data };
  throw refused(outcome as Parameters<typeof refused>[0], "link");
}
