import { z } from "zod";
import { EVIDENCE, LINK_ROLES, LINK_SCOPES, LOWERINGS, type Evidence, type Lowering } from "#src/message/link.ts";
import type { WaitingLink } from "#src/clearing/verify.ts";
import type { LinkRow } from "#src/store/sql/links.ts";

const instant = z.iso.datetime();
const evidence = z.enum(Object.keys(EVIDENCE) as [Evidence, ...Evidence[]]);

export const linkSchema = z.strictObject({
  id: z.uuid(),
  level: z.int(),
  role: z.enum(LINK_ROLES),
  scope: z.enum(LINK_SCOPES),
  evidence,
  verified_at: instant,
  verified_by: z.string().describe("The journal's word for the person."),
  approved_by: z.string().nullable(),
  seen_at: instant.describe("When the contact last wrote, to a day."),
  lowered_at: instant.nullable(),
  lowered_for: z.enum(Object.keys(LOWERINGS) as [Lowering, ...Lowering[]]).nullable(),
  ended_at: instant.nullable(),
});

export const waitingLinkSchema = z.strictObject({
  id: z.uuid(),
  level: z.int().describe("What it is now."),
  role: z.enum(LINK_ROLES),
  scope: z.enum(LINK_SCOPES),
  patient: z.string().nullable().describe("Initials; null for whoever decides nothing."),
  proposal: z.strictObject({
    evidence,
    level: z.int(),
    by: z.string().describe("The journal's word for the person."),
    at: instant,
  }),
  mine: z.boolean().describe("Proposed by whoever asks: somebody else confirms."),
});

export function showWaiting(link: WaitingLink, asks: { readonly actor: string; readonly decides: boolean }) {
  const { id, level, role, scope, masked, proposal, proposedAt, proposedBy } = link;
  return {
    ...{ id, level, role, scope, patient: asks.decides ? masked : null, mine: proposedBy === asks.actor },
    proposal: {
      evidence: proposal.evidence,
      level: proposal.level,
      by: proposedBy,
      at: proposedAt.toISOString(),
    },
  };
}

export function showLink(link: LinkRow): z.infer<typeof linkSchema> {
  return {
    id: link.id,
    level: link.level,
    role: link.role,
    scope: link.scope,
    evidence: link.evidence,
    verified_at: link.verifiedAt.toISOString(),
    verified_by: link.verifiedBy,
    approved_by: link.approvedBy,
    seen_at: link.seenAt.toISOString(),
    lowered_at: link.loweredAt?.toISOString() ?? null,
    lowered_for: link.loweredFor,
    ended_at: link.endedAt?.toISOString() ?? null,
  };
}
