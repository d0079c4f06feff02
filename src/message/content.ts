/** What was said or done, one member per kind. A source makes it, every mapping has a rule for it. */
export type Content =
  | TextContent
  | ImageContent
  | AudioContent
  | VideoContent
  | DocumentContent
  | StickerContent
  | LocationContent
  | ContactsContent
  | ChoiceContent
  | ReactionContent
  | OrderContent
  | NoteContent
  | EditContent
  | RevokeContent
  | CallContent
  | Hl7Content
  | UnknownContent;

export type MessageKind = Content["kind"];

/** The kinds that may bring attachments; an edit repeats those of what it revises, a form may hold uploads. */
const WITH_ATTACHMENTS: readonly MessageKind[] = ["image", "audio", "video", "document", "sticker", "choice", "edit"];

/** Whether a message of this kind may have attachments, known without opening it. */
export function mayHaveAttachments(kind: MessageKind): boolean {
  return WITH_ATTACHMENTS.includes(kind);
}

export interface TextContent {
  readonly kind: "text";
  readonly text: string;
}

/** A picture; its bytes are the message's one attachment. */
export interface ImageContent {
  readonly kind: "image";
  readonly caption?: string;
}

/** A voice message (`voice`) or a sound file; its bytes are the message's one attachment. */
export interface AudioContent {
  readonly kind: "audio";
  readonly voice: boolean;
}

export interface VideoContent {
  readonly kind: "video";
  readonly caption?: string;
}

/** A file; its name is in the attachment's reference, because the sender chose it. */
export interface DocumentContent {
  readonly kind: "document";
  readonly caption?: string;
}

export interface StickerContent {
  readonly kind: "sticker";
  readonly animated: boolean;
}

/** WGS 84, degrees. */
export interface LocationContent {
  readonly kind: "location";
  readonly latitude: number;
  readonly longitude: number;
  readonly name?: string;
  readonly address?: string;
  readonly url?: string;
}

/** Address-book cards. Numbers in them are never used to identify anyone. */
export interface ContactsContent {
  readonly kind: "contacts";
  readonly cards: readonly ContactCard[];
}

export interface ContactCard {
  readonly name: string;
  readonly organisation?: string;
  readonly department?: string;
  /** What they are there. */
  readonly title?: string;
  /** As it stands on the card, usually YYYY-MM-DD. */
  readonly birthday?: string;
  readonly phones: readonly CardEntry[];
  readonly emails: readonly CardEntry[];
  readonly addresses: readonly CardEntry[];
  readonly urls?: readonly CardEntry[];
  readonly messengers?: readonly CardEntry[];
  readonly note?: string;
  /** RFC 6350, or what the sender's device wrote. */
  readonly vcard: string;
}

/** A number or address; `type` as the card names it: `WORK`, `HOME`, `FAX`, or the owner's own word. */
export type CardEntry = string | { readonly value: string; readonly type: string };

/** A button, a list entry or a filled form: what was chosen instead of typed. A form's uploads are attachments. */
export interface ChoiceContent {
  readonly kind: "choice";
  readonly via: "button" | "list" | "form" | "call_permission";
  /** What the sender saw and chose. */
  readonly text: string;
  readonly description?: string;
  /** The hospital's own id of the choice. */
  readonly payload?: string;
  /** A form's answers, as they came, by field name. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Whether the hospital may call, and until when (ISO 8601) or for good. */
  readonly callPermission?: { readonly response: string; readonly until?: string; readonly permanent?: true };
}

/** An emoji on another message; without `emoji` the reaction was taken back. */
export interface ReactionContent {
  readonly kind: "reaction";
  readonly emoji?: string;
  /** External id of the message reacted to. */
  readonly target: string;
}

export interface OrderContent {
  readonly kind: "order";
  readonly catalogId: string;
  readonly text?: string;
  readonly items: readonly { readonly product: string; readonly quantity: string; readonly price: string }[];
}

/** Something that happened in the conversation without anyone saying it: opening it, a change of number or keys. */
export interface NoteContent {
  readonly kind: "note";
  readonly event:
    "welcome_requested" | "number_changed" | "user_id_changed" | "identity_changed" | "group_changed" | "other";
  /** The source's own sentence, if it sent one. */
  readonly text?: string;
}

/** A later wording of an earlier message, which stays readable. Without attachments only the caption was changed. */
export interface EditContent {
  readonly kind: "edit";
  /** External id of the message edited. */
  readonly target: string;
  readonly revised: TextContent | ImageContent | VideoContent | DocumentContent;
}

/** The sender deleted an earlier message on the phones; in the chart it is marked, never removed. */
export interface RevokeContent {
  readonly kind: "revoke";
  readonly target: string;
}

export interface CallContent {
  readonly kind: "call";
  readonly direction: "incoming" | "outgoing";
  readonly event: string;
  /** How it ended, in the source's word: `completed`, `failed`, `rejected`. */
  readonly outcome?: string;
  readonly durationSeconds?: number;
}

/** A message of the KIS, as text. */
export interface Hl7Content {
  readonly kind: "hl7";
  readonly text: string;
  readonly trigger: string;
}

/** Everything the engine cannot read: visible, never nothing. */
export interface UnknownContent {
  readonly kind: "unknown";
  /** The source's name of it, tamed: [a-z0-9_:.-]. */
  readonly sourceKind: string;
  /** The source's own reason codes, e.g. 131051. */
  readonly codes?: readonly string[];
}
