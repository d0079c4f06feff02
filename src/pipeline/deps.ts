import type { Clock } from "#src/message/clock.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { BlobStore } from "#src/seal/blobs/blob-store.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Epochs } from "#src/store/epochs.ts";
import type { JournalAction } from "#src/audit/journal.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { LaneDeps } from "#src/lanes/deps.ts";
import type { Contacts } from "#src/identity/contacts.ts";
import type { Requirement } from "#src/identity/resolve.ts";
import type { Contact } from "#src/message/contact.ts";
import type { Resolved, Resolver } from "#src/identity/resolver.ts";
import type { Inspector } from "#src/attachments/inspector.ts";
import type { LargeGate } from "#src/attachments/large-gate.ts";
import type { Scanner } from "#src/attachments/scanner.ts";
import type { Channels } from "./running-channel.ts";

/** Everything the steps share, handed in by the composition root. */
export interface PipelineDeps extends LaneDeps {
  readonly epochs: Epochs;
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
  readonly blobs: BlobStore;
  /** Reads strangers' files in a process of its own. */
  readonly inspector: Inspector;
  /** Whether the disk has room for more. */
  mayStore(): Promise<boolean>;
  /** Bounds how many large attachments are fetched and judged at once. */
  readonly largeGate: LargeGate;
  /** Absent: attachments are not scanned for malware. */
  readonly scanner?: Scanner;
  readonly contacts: Contacts;
  readonly resolve: Resolver;
  /** Whom somebody said a message is of. */
  resolveDecided(linkId: string, identity: Requirement): Promise<Resolved>;
  /** Uses a code of the patient's that a message holds; true where its author is somebody since. */
  redeem(contact: Contact, code: string, channel: string): Promise<boolean>;
  readonly channels: Channels;
  /** From when on retention runs that begins now: the latest time there may be, so that it does not end early (I4). */
  readonly retainFrom: Clock;
  /** Writes a line of the audit journal inside the caller's transaction. */
  journal(db: Transaction, action: JournalAction, subject: string, detail: Record<string, string>): Promise<void>;
}
