import { createHash, randomBytes } from "node:crypto";
import { canonicalJson } from "#src/seal/signature.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { appendJournalRow, type JournalHead, type JournalRow } from "#src/store/sql/journal.ts";

/** What is written down: what people and the purge do, not what happens to each message. */
export type JournalAction =
  | "engine.started"
  | "engine.stopped"
  | "channel.deployed"
  | "channel.refused"
  | "channel.removed"
  | "alerts.insecure"
  | "channel.paused"
  | "channel.resumed"
  | "content.read"
  | "messages.searched"
  | "message.reprocessed"
  | "message.released"
  | "message.placeholder"
  | "message.withdrawn"
  | "lane.tried"
  | "lane.parked"
  | "lane.unparked"
  | "message.skipped"
  | "message.resent"
  | "messages.followed"
  | "clearing.compared"
  | "clearing.locked"
  | "clearing.unlocked"
  | "clearing.proposed"
  | "clearing.declined"
  | "clearing.assigned"
  | "clearing.rejected"
  | "clearing.wanted"
  | "link.made"
  | "link.lowered"
  | "link.ended"
  | "link.verified"
  | "link.proposed"
  | "link.declined"
  | "identifiers.missed"
  | "code.issued"
  | "code.tried"
  | "contact.number_changed"
  | "contact.user_id_changed"
  | "contact.number_left"
  | "contact.key_changed"
  | "content.asked"
  | "content.granted"
  | "journal.read"
  | "break_glass.opened"
  | "break_glass.closed"
  | "session.begun"
  | "session.ended"
  | "token.created"
  | "token.revoked"
  | "alert.acknowledged"
  | "silence.begun"
  | "silence.ended"
  | "epoch.purged"
  | "key.destroyed"
  | "directory.forgotten"
  | "directory.imported"
  | "ledger.replayed";

/** Who did it, in full. */
export interface Who {
  readonly subject: string;
  readonly provider: string;
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly session: string | null;
  readonly address: string | null;
}

export interface JournalDraft {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly action: JournalAction;
  /** Who: "engine", or how the API caller identified. */
  readonly actor: string;
  /** Id of what it was done to. */
  readonly subject: string;
  readonly detail: JournalRow["detail"];
  /** Who, sealed (`sealWho`). */
  readonly who?: Buffer;
}

const SALT_BYTES = 16;
const COMMITMENT_BYTES = 32;

/** Writes one line of the journal. The line commits or vanishes with the action itself. */
export async function record(db: Transaction, draft: JournalDraft): Promise<void> {
  await appendJournalRow(db, (head) => chain(head, draft, randomBytes(SALT_BYTES)));
}

/**
 * The line that follows `head`. The hash covers the previous hash and a salted commitment to the detail, so the chain
 * still verifies after detail and salt are erased.
 */
export function chain(head: JournalHead, draft: JournalDraft, salt: Buffer): JournalRow {
  const who = draft.who ?? null;
  const detail = who ? { ...draft.detail, who: createHash("sha256").update(who).digest("hex") } : draft.detail;
  const row = { ...draft, detail, who, seq: head.seq + 1, at: new Date(draft.at), salt };
  return { ...row, hash: hashOf(head.hash, row, commitment(row)) };
}

/** The same line without its detail: the commitment takes the place of the salt, so nothing can be guessed from it. */
export function eraseDetail(row: JournalRow): JournalRow {
  return { ...row, detail: {}, salt: Buffer.from(commitment(row), "hex") };
}

/** SHA-256 over salt and detail; kept in the salt's place once they are erased, told apart by its length. */
export function commitment({ salt, detail }: Pick<JournalRow, "salt" | "detail">): string {
  if (salt.length === COMMITMENT_BYTES && Object.keys(detail).length === 0) return salt.toString("hex");
  return createHash("sha256").update(salt).update(canonicalJson(detail)).digest("hex");
}

export function hashOf(
  previous: Buffer,
  row: Omit<JournalRow, "hash" | "detail" | "salt" | "who">,
  committed: string,
): Buffer {
  const line = canonicalJson({
    seq: row.seq,
    at: row.at.toISOString(),
    action: row.action,
    actor: row.actor,
    subject: row.subject,
    commitment: committed,
  });
  return createHash("sha256").update(previous).update(line).digest();
}
