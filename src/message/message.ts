import type { Attachment, AttachmentReference } from "./attachment.ts";
import type { Contact } from "./contact.ts";
import type { Content } from "./content.ts";
import type { MessageId } from "./id.ts";

/** One canonical thing someone said or did, cut from an event. All instants are ISO 8601 in UTC. */
export interface Message {
  readonly id: MessageId;
  readonly channel: string;
  /** Id at the source (wamid, MSH-10). Personal: a wamid contains the phone number. */
  readonly externalId: string;
  readonly content: Content;
  /** Absent where nobody wrote (an ADT message). */
  readonly sender?: Contact;
  /** Key of strict order: messages of one conversation never overtake each other. Personal. */
  readonly conversation: string;
  /** When the sender's side says it was sent. */
  readonly sentAt: string;
  readonly receivedAt: string;
  /** External id of the message this one answers. */
  readonly replyTo?: string;
  readonly attachments: readonly Attachment[];
  /** The source's own element, untouched, so that members the engine does not know survive. */
  readonly raw: unknown;
}

/** A message as a source cuts it from an event: not yet stored, its ids not yet derived. */
export interface MessageDraft {
  readonly externalId: string;
  /** Tells several messages with one external id apart; "" for the usual single one. */
  readonly part?: string;
  readonly content: Content;
  readonly sender?: Contact;
  readonly conversation: string;
  readonly sentAt: string;
  readonly replyTo?: string;
  readonly attachments?: readonly AttachmentReference[];
  readonly raw: unknown;
  /** Set when the source already knows that a person must look (malformed, unknown kind, foreign number). */
  readonly hold?: HoldReason;
}

/** Why a message waits for a human. */
export const HOLD_REASONS = {
  unknown: "no patient carries this number",
  ambiguous: "several patients carry this number",
  unverified: "the link to the patient is weaker than the channel requires",
  quarantine: "an attachment is gone, infected or not what it claims to be",
  unsupported: "the engine cannot read this kind of message yet",
  malformed: "the event is authentic but cannot be read",
  foreign_number: "the event names a phone number this channel does not own",
  no_channel: "the channel of this message is not deployed",
} as const;

export type HoldReason = keyof typeof HOLD_REASONS;
