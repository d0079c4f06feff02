import type { Evidence, LinkRole, LinkScope } from "#src/message/link.ts";
import type { Queryable, Transaction } from "../queryable.ts";

/** What somebody says of a link, and another person has to confirm. */
export interface LinkProposal {
  readonly evidence: Evidence;
  readonly level: number;
  /** Wrong identifiers that were typed to confirm it. */
  readonly misses: number;
}

export interface ProposedLink {
  readonly proposal: LinkProposal;
  readonly proposedAt: Date;
  readonly proposedBy: string;
  readonly proposerBi: Buffer;
}

/** As it is listed. `patientId` is the root. */
export interface ListedProposal extends ProposedLink {
  readonly id: string;
  readonly patientId: string;
  readonly contactBi: Buffer;
  readonly userBi: Buffer | null;
  readonly role: LinkRole;
  readonly scope: LinkScope;
  readonly level: number;
}

const PROPOSED = `link.proposal, link.proposed_at AS "proposedAt", link.proposed_by AS "proposedBy",
  link.proposer_bi AS "proposerBi"`;

export async function proposeOfLink(
  db: Transaction,
  id: string,
  proposal: LinkProposal,
  by: { readonly actor: string; readonly subjectBi: Buffer; readonly now: Date },
): Promise<void> {
  await db.query(
    "UPDATE patient_link SET proposal = $2, proposed_at = $3, proposed_by = $4, proposer_bi = $5 WHERE id = $1",
    [id, JSON.stringify(proposal), by.now, by.actor, by.subjectBi],
  );
}

/** What is proposed of a link that the caller has locked. */
export async function proposalOfLink(db: Transaction, id: string): Promise<ProposedLink | undefined> {
  const { rows } = await db.query<ProposedLink>(
    `SELECT ${PROPOSED} FROM patient_link AS link WHERE id = $1 AND proposal IS NOT NULL`,
    [id],
  );
  return rows[0];
}

/** The longest waiting first. */
export async function proposedLinks(db: Queryable, limit: number): Promise<ListedProposal[]> {
  const { rows } = await db.query<ListedProposal>(
    `SELECT link.id, patient.root_id AS "patientId", link.contact_bi AS "contactBi", link.user_bi AS "userBi", link.role,
       link.scope, link.level, ${PROPOSED}
     FROM patient_link AS link JOIN patient ON patient.id = link.patient_id
     WHERE link.proposed_at IS NOT NULL AND link.ended_at IS NULL ORDER BY link.proposed_at, link.id LIMIT $1`,
    [limit],
  );
  return rows;
}

export async function withdrawLinkProposals(db: Transaction, ids: readonly string[]): Promise<void> {
  await db.query(
    `UPDATE patient_link SET proposal = NULL, proposed_at = NULL, proposed_by = NULL, proposer_bi = NULL
     WHERE id = ANY ($1::uuid[]) AND proposed_at IS NOT NULL`,
    [ids],
  );
}

/** Takes off the table what nobody has confirmed. @returns of which links */
export async function withdrawProposalsBefore(db: Transaction, before: Date): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE patient_link SET proposal = NULL, proposed_at = NULL, proposed_by = NULL, proposer_bi = NULL
     WHERE proposed_at < $1 RETURNING id`,
    [before],
  );
  return rows.map(({ id }) => id);
}

/** On which channels the contact of a link has written, as far as that is known still. */
export async function channelsOfContact(
  db: Queryable,
  { contactBi, userBi }: Pick<ListedProposal, "contactBi" | "userBi">,
  channels: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ channel: string }>(
    `SELECT channel FROM message WHERE contact_bi = ANY ($1::bytea[])
     UNION SELECT deployed.channel FROM unnest($2::text[]) AS deployed (channel) JOIN contact
       ON contact.channel = deployed.channel AND (contact.phone_bi = ANY ($1::bytea[]) OR contact.user_bi = ANY ($1::bytea[]))`,
    [[contactBi, ...(userBi ? [userBi] : [])], channels],
  );
  return rows.map(({ channel }) => channel);
}
