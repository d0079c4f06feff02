import type { ClearingPolicy } from "#src/channel/channel.ts";
import type { Contacts } from "#src/identity/contacts.ts";
import type { Directory } from "#src/identity/directory.ts";
import type { JournalAction } from "#src/audit/journal.ts";
import type { Clock } from "#src/message/clock.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Store } from "#src/store/data-source.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";

/** What a channel says about deciding and keeping. */
export interface TaskPolicy extends ClearingPolicy {
  readonly requireLevel: number;
  readonly unknownSenderMs: number;
  readonly afterFiledMs: number;
}

export interface ClearingDeps {
  readonly store: Pick<Store, "transaction"> & { readonly reading: Queryable };
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
  readonly directory: Pick<Directory, "carriers" | "onlyOpenEncounter">;
  readonly contacts: Contacts;
  readonly clock: Clock;
  /** From when on retention runs that begins now. */
  readonly retainFrom: Clock;
  policyOf(channel: string): TaskPolicy;
  /** The channels that are deployed. */
  channels(): readonly string[];
}

/** Who decides. */
export interface Decider {
  /** The journal's word for the principal. */
  readonly actor: string;
  /** Keyed hash of who it is, whatever session, token or provider. */
  readonly subjectBi: Buffer;
  /** Where alone he may decide; absent: everywhere. */
  readonly channels?: readonly string[];
  /** Writes a line of the journal in the principal's name. */
  journal(
    entry: { action: JournalAction; subject: string; detail: Record<string, string | number | boolean | null> },
    db: Transaction,
  ): Promise<void>;
}

/** Why nothing was decided. */
export type Refusal =
  | "absent"
  /** Too many misses: of the case, or by this person. */
  | "locked"
  | "tired"
  /** The proof is old, somebody else's, or of another case. */
  | "no_proof"
  /** What the channel requires is more than this decision gives. */
  | "too_weak"
  | "no_match"
  | "no_code"
  | "nobody"
  | "nothing_held"
  | "no_case"
  | "proposed_already"
  | "nothing_proposed"
  /** The one who proposed, or a token of his, confirms nothing. */
  | "same_person"
  /** Of a link: channels use it on which this person may not decide. */
  | "used_elsewhere"
  | "patient_gone"
  /** Nobody is the guardian of somebody who is of age. */
  | "of_age";
