import { readPersons } from "#src/identity/directory-deps.ts";
import { VERIFIED } from "#src/identity/links.ts";
import { isTrueOf, type Typed } from "#src/identity/typed.ts";
import { EVIDENCE, type Evidence } from "#src/message/link.ts";
import type { Transaction } from "#src/store/queryable.ts";
import {
  proposalOfLink,
  proposedLinks,
  proposeOfLink,
  withdrawLinkProposals,
  type ListedProposal,
} from "#src/store/sql/link-proposals.ts";
import { lockLink, verifyLink, type LinkRow } from "#src/store/sql/links.ts";
import { masked } from "./candidates.ts";
import type { ClearingDeps, Decider, Refusal } from "./deps.ts";
import { usersOf } from "./link-users.ts";
import { MOST_MISSES } from "./match.ts";
import { isSamePerson } from "./same-person.ts";
import { isTired, missed, typedPatient } from "./typed-patient.ts";

/** What is waiting for a second person. */
const MOST_LISTED = 100;

/**
 * Somebody has made sure again that the contact is this patient's. Where two persons decide it is a proposal, and nothing
 * changes until somebody else has confirmed it; else the level is what the evidence gives, or stays.
 */
export async function verify(
  deps: ClearingDeps,
  by: Decider,
  id: string,
  wish: { readonly identifiers: readonly Typed[]; readonly evidence: "clerk" | "in_person" },
): Promise<"verified" | "proposed" | Refusal> {
  return deps.store.transaction(async (db) => {
    const found = await typedPatient(deps, db, by, wish.identifiers);
    if (typeof found === "string") return found;
    const link = await lockLink(db, id);
    if (link?.patientId !== found.patientId) return "absent";
    const { fourEyes, reachable } = await usersOf(deps, db, by, link);
    if (!reachable) return "used_elsewhere";
    const now = new Date(deps.clock());
    if (!fourEyes) {
      const { level, evidence } = raised(link, wish.evidence);
      const approvedBy = evidence === "two_persons" ? link.approvedBy : null;
      await verifyLink(db, id, { level, evidence, by: by.actor, approvedBy, now });
      await by.journal({ action: "link.verified", subject: id, detail: { evidence: wish.evidence, held: true } }, db);
      return "verified";
    }
    if (await proposalOfLink(db, id)) return "proposed_already";
    const evidence: Evidence = wish.evidence === "clerk" ? "two_persons" : wish.evidence;
    const proposal = { evidence, level: EVIDENCE[evidence], misses: 0 };
    await proposeOfLink(db, id, proposal, { ...by, now });
    await by.journal({ action: "link.proposed", subject: id, detail: { evidence, level: proposal.level } }, db);
    return "proposed";
  });
}

/** Confirms what another person said of a link, by typing one identifier again; after five wrong ones it falls. */
export async function approveLink(
  deps: ClearingDeps,
  by: Decider,
  id: string,
  typed: Typed,
): Promise<"verified" | Refusal> {
  return deps.store.transaction(async (db) => {
    if (await isTired(deps, db, by)) return "tired";
    const link = await lockLink(db, id);
    if (!link) return "absent";
    const proposed = await proposalOfLink(db, id);
    if (!proposed) return "nothing_proposed";
    const { proposal, proposedAt, proposedBy, proposerBi } = proposed;
    if (!(await usersOf(deps, db, by, link)).reachable) return "used_elsewhere";
    if (await isSamePerson(db, by, { actor: proposedBy, subjectBi: proposerBi })) return "same_person";
    if (!(await isTrueOf(deps, db, link.patientId, typed))) {
      const misses = proposal.misses + 1;
      if (misses < MOST_MISSES)
        await proposeOfLink(
          db,
          id,
          { ...proposal, misses },
          { actor: proposedBy, subjectBi: proposerBi, now: proposedAt },
        );
      else await fall(db, by, id, { reason: "misses", proposed_by: proposedBy });
      await missed(db, by, [typed]);
      return "no_match";
    }
    const { level, evidence } = raised(link, proposal.evidence);
    const now = new Date(deps.clock());
    await verifyLink(db, id, { level, evidence, by: proposedBy, approvedBy: by.actor, now });
    const detail = { evidence: proposal.evidence, held: true, proposed_by: proposedBy };
    await by.journal({ action: "link.verified", subject: id, detail }, db);
    return "verified";
  });
}

/** Takes what is proposed of a link off the table: whoever made it, or may confirm it. */
export async function declineLink(
  deps: ClearingDeps,
  by: Decider & { readonly approves: boolean },
  id: string,
  reason: string,
): Promise<"declined" | Refusal> {
  return deps.store.transaction(async (db) => {
    const link = await lockLink(db, id);
    if (!link) return "absent";
    const proposed = await proposalOfLink(db, id);
    if (!proposed) return "nothing_proposed";
    const own = proposed.proposedBy === by.actor;
    if (!own && !by.approves) return "same_person";
    if (!own && !(await usersOf(deps, db, by, link)).reachable) return "used_elsewhere";
    await fall(db, by, id, { reason, proposed_by: proposed.proposedBy });
    return "declined";
  });
}

/** A link of which something is proposed, and whose it is, told so that nobody learns who that is. */
export interface WaitingLink extends ListedProposal {
  readonly masked: string;
}

/** What is proposed of links, the longest waiting first: of those about which whoever asks may decide. */
export async function waitingLinks(deps: ClearingDeps, by: Pick<Decider, "channels">): Promise<WaitingLink[]> {
  const db = deps.store.reading;
  const listed = await proposedLinks(db, MOST_LISTED);
  const persons = await readPersons(deps, db, [...new Set(listed.map(({ patientId }) => patientId))]);
  const waiting = listed.map(async (one) => {
    const { reachable } = await usersOf(deps, db, by, one);
    return reachable ? [{ ...one, masked: masked(persons.get(one.patientId) ?? {}) }] : [];
  });
  return (await Promise.all(waiting)).flat();
}

/** The level that a link has with this evidence too: it stays where it is higher. */
function raised(link: Pick<LinkRow, "level" | "evidence">, evidence: Evidence) {
  const higher = link.level >= VERIFIED && link.level >= EVIDENCE[evidence];
  return higher ? { level: link.level, evidence: link.evidence } : { level: EVIDENCE[evidence], evidence };
}

async function fall(
  db: Transaction,
  by: Decider,
  id: string,
  detail: { readonly reason: string; readonly proposed_by: string },
): Promise<void> {
  await withdrawLinkProposals(db, [id]);
  await by.journal({ action: "link.declined", subject: id, detail }, db);
}
