import type { Attachment, AttachmentReference } from "./attachment.ts";
import type { Contact, ContactNews } from "./contact.ts";
import type { Content } from "./content.ts";
import type { MessageId } from "./id.ts";

/** One canonical thing someone said or did, cut from an event. All instants are ISO 8601 in UTC. */
export interface Message {
  readonly id: MessageId;
  readonly channel: string;
  /** Id at the source (wamid, MSH-10). Personal: a wamid contains the phone number. */
  readonly externalId: string;
  readonly content: Content;
  /** Absent where nobody wrote (an ADT message), and where the hospital did. */
  readonly sender?: Contact;
  /** Whom the hospital wrote to or called from its own phone; then there is no `sender`. */
  readonly recipient?: Contact;
  /** Key of strict order: messages of one conversation never overtake each other. Personal. */
  readonly conversation: string;
  /** When the sender's side says it was sent. */
  readonly sentAt: string;
  readonly receivedAt: string;
  /** External id of the message this one answers. */
  readonly replyTo?: string;
  readonly circumstances?: Circumstances;
  readonly attachments: readonly Attachment[];
  /** The source's own element, untouched, so that members the engine does not know survive. */
  readonly raw: unknown;
}

/** A message as a source cuts it from an event: not yet stored, its ids not yet derived. */
export interface MessageDraft {
  readonly externalId: string;
  /** Tells several messages with one external id apart; "" for the usual single one. */
  readonly part?: string;
  /** The part that stood in for this message until it came (`circumstances.standIn`). */
  readonly supersedes?: string;
  readonly content: Content;
  readonly sender?: Contact;
  readonly recipient?: Contact;
  readonly conversation: string;
  readonly sentAt: string;
  readonly replyTo?: string;
  readonly circumstances?: Circumstances;
  readonly attachments?: readonly AttachmentReference[];
  readonly raw: unknown;
  /** Whom it was sent to, where that is not the channel's own address (`Source.address`). */
  readonly addressee?: string;
  /** The conversation is with the sender alone, so it follows them when their number or user id changes. */
  readonly direct?: true;
  /** What the source says about who the sender is, beside what they said. */
  readonly contactNews?: ContactNews;
  /** Set when the source already knows that a person must look (malformed, unknown kind, foreign number). */
  readonly hold?: HoldReason;
}

/** How a message came about, told by the source beside what it says. */
export interface Circumstances {
  /** The words are somebody else's: passed on, or (`often`) passed on many times. */
  readonly forwarded?: "once" | "often";
  /** The advertisement or link the conversation was opened from. */
  readonly referral?: { readonly headline?: string; readonly body?: string; readonly url?: string };
  /** The product of the hospital's catalogue the sender asks about. */
  readonly product?: string;
  /** Id of the group the message was written in: others read it too. */
  readonly group?: string;
  /** What the source said beside what is documented, a line for each value: shown, so that nothing is filed as complete. */
  readonly also?: readonly string[];
  /** Written before the engine was connected, and handed over by the phone. */
  readonly earlier?: true;
  /** Only says that something was sent: what it was comes as a message of its own with the same external id, or never. */
  readonly standIn?: true;
}

/** The contact whose patient a message concerns, whichever side wrote it. */
export function counterpart({ sender, recipient }: Pick<MessageDraft, "sender" | "recipient">): Contact | undefined {
  return sender ?? recipient;
}

/** Why a message waits for a human. */
export const HOLD_REASONS = {
  unknown: "no patient carries this number",
  unasked: "the KIS did not say whose number it is for as long as the channel waits for that",
  ambiguous: "several patients carry this number",
  unverified: "the link to the patient is weaker than the channel requires",
  number_moved: "the number was another patient's, and nobody has decided yet that it is this one's now",
  same_patient: "it was withdrawn from the chart of the very patient its number still leads to",
  quarantine: "an attachment is gone, infected or not what it claims to be",
  set_aside: "working on it killed or froze the engine twice, or fails each time for what is in it",
  unsupported: "the engine cannot read this kind of message yet",
  malformed: "the event is authentic but cannot be read",
  foreign_number: "the event names a phone number this channel does not own",
  no_channel: "the channel of this message is not deployed",
} as const;

export type HoldReason = keyof typeof HOLD_REASONS;
