import {
  absence,
  type Absence,
  type Attachment,
  type AttachmentReference,
  type StoredContent,
} from "#src/message/attachment.ts";
import type { CaseChoice } from "#src/message/case-rule.ts";
import type { DayPosition } from "#src/message/day.ts";
import type { Language } from "#src/message/language.ts";
import type { MessageId } from "#src/message/id.ts";
import type { Fit } from "#src/message/mapping.ts";
import type { Message, MessageDraft } from "#src/message/message.ts";
import type { Subject } from "#src/message/directory.ts";
import type { NoticeDraft } from "#src/message/notice.ts";
import type { Binding } from "#src/seal/binding.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { TakenDelivery } from "#src/store/sql/deliveries.ts";
import type { AttachmentState } from "#src/store/sql/prepare.ts";
import { FIRST, openAt, type Place } from "./place.ts";

/** The part of a message that is sealed as one JSON value in `message.sealed`. */
export type SealedBody = Pick<
  MessageDraft,
  "content" | "sender" | "recipient" | "conversation" | "sentAt" | "replyTo" | "circumstances" | "raw" | "hold"
>;

/** What everything cut from one event has in common. */
export interface Origin {
  readonly epoch: number;
  readonly channel: string;
  readonly eventId: string;
  readonly receivedAt: string;
}

/** What `attachment.sealed` holds: what the source announced, and what is known since the bytes were fetched. */
export interface SealedAttachmentBody {
  readonly reference: AttachmentReference;
  readonly stored?: StoredContent;
}

/** What `notice.sealed` holds: everything personal the notice came with. */
export type SealedNotice = Pick<NoticeDraft, "externalId" | "raw">;

/** What is sealed of a delivery: the answer, what was read back, and the destination's words when it did not take it. */
interface SealedOfDelivery {
  readonly receipt: { readonly sentSha256: string; readonly answer: unknown; readonly fit?: Fit };
  readonly confirmation: { readonly at: string; readonly evidence: unknown };
  readonly said: { readonly at: string; readonly text: string };
}

interface SealedOfMessage {
  readonly sealed: SealedBody;
  readonly routed: FrozenContext;
}

/** What routing freezes in `message.routed`, so that every retry renders the same bytes. */
export interface FrozenContext {
  readonly routedAt: string;
  readonly language?: Language;
  readonly sourceName?: string;
  readonly subject?: Subject;
  /** By which rule of the channel's its case was chosen; absent: the open one, or the planned one. */
  readonly caseChoice?: CaseChoice;
  /** Mapping parameters by destination id. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Attachments the message went on without: what files it says so, whatever has come since. */
  readonly absent?: Absences;
  /** Set where a destination gets one document for a whole day of the conversation. */
  readonly day?: FrozenDay;
  /** Set where the message is about another. */
  readonly about?: FrozenAbout;
  /** Where the message went to later, because the directory learned something; without a subject: to nobody any more. */
  readonly readdressed?: readonly { readonly at: string; readonly subject?: Subject }[];
}

/** The message another is about, and its wordings so far. */
export interface FrozenAbout {
  readonly target: MessageId;
  readonly sentAt?: string;
  /** Later wordings that came before this message, oldest first. */
  readonly wordings: readonly MessageId[];
  /** All of them, where some came after this message and were decided before it. */
  readonly superseded?: readonly MessageId[];
}

/** Attachments that are not there, by id. */
export type Absences = Readonly<Record<string, Absence>>;

export function absentOf(attachments: readonly Attachment[]): Absences | undefined {
  const absent = attachments.flatMap((attachment) => {
    const why = absence(attachment);
    return why ? [[attachment.id, why] as const] : [];
  });
  return absent.length === 0 ? undefined : Object.fromEntries(absent);
}

/** The message as it was when these attachments were not there. */
export function without(message: Message, absent: Absences | undefined): Message {
  if (!absent) return message;
  const attachments = message.attachments.map((attachment): Attachment => {
    const verdict = absent[attachment.id];
    if (!verdict) return attachment;
    const { stored: _come, ...announced } = attachment;
    return { ...announced, verdict };
  });
  return { ...message, attachments };
}

/** The message's place in the document of its day, and the messages before it there, oldest first. */
export interface FrozenDay extends DayPosition {
  /** ISO date. */
  readonly date: string;
  readonly earlier: readonly MessageId[];
  /** What was not there of the earlier ones. */
  readonly absent?: Absences;
}

/** To whom a message was routed first (0), or went later on; a delivery keeps the address it was last sent to. */
export function addressAt(frozen: FrozenContext, address: number): { readonly subject?: Subject } {
  return (address === 0 ? undefined : frozen.readdressed?.[address - 1]) ?? frozen;
}

/** To whom the message goes now. */
export function currentAddress(frozen: FrozenContext): { readonly subject?: Subject } {
  return frozen.readdressed?.at(-1) ?? frozen;
}

/** Whether there is nobody any more to whom the message could go. */
export function isWithdrawn(frozen: FrozenContext): boolean {
  return frozen.subject !== undefined && currentAddress(frozen).subject === undefined;
}

/** Where each sealed column lives. */
export const place = {
  message: <C extends keyof SealedOfMessage>(epoch: number, id: string, column: C): Place<SealedOfMessage[C]> => ({
    epoch,
    table: "message",
    row: id,
    column,
    shape: FIRST,
  }),
  externalId: (epoch: number, id: string): Binding => ({ epoch, table: "message", row: id, column: "external_id" }),
  event: (epoch: number, id: string): Binding => ({ epoch, table: "event", row: id, column: "raw" }),
  notice: (epoch: number, id: string): Place<SealedNotice> => ({
    epoch,
    table: "notice",
    row: id,
    column: "sealed",
    shape: FIRST,
  }),
  attachment: (epoch: number, id: string): Place<SealedAttachmentBody> => ({
    epoch,
    table: "attachment",
    row: id,
    column: "sealed",
    shape: FIRST,
  }),
  /** Under the directory's key, for the copy at the provider may outlive the message here. */
  deletion: (attachmentId: string): Place<AttachmentReference> => ({
    epoch: DIRECTORY_EPOCH,
    table: "media_deletion",
    row: attachmentId,
    column: "sealed",
    shape: FIRST,
  }),
  delivery: <C extends keyof SealedOfDelivery>(
    epoch: number,
    {
      messageId,
      destination,
      purpose,
      filing,
    }: Pick<TakenDelivery, "messageId" | "destination" | "purpose" | "filing">,
    column: C,
  ): Place<SealedOfDelivery[C]> => ({
    epoch,
    table: "delivery",
    row: [messageId, destination, ...(purpose === "file" ? [] : [purpose]), ...(filing === 1 ? [] : [filing])].join(
      "/",
    ),
    column,
    shape: FIRST,
  }),
};

interface SealedRow {
  readonly epoch: number;
  readonly id: string;
  readonly channel: string;
  readonly receivedAt: Date;
  readonly sealed: Buffer;
  readonly externalId: Buffer;
}

/** What of a draft is sealed in one: neither what has a place of its own, nor what only intake needs. */
export function bodyOf(draft: MessageDraft): SealedBody {
  const { externalId, part, attachments, addressee, direct, contactNews, ...body } = draft;
  return body;
}

/** The message a draft without attachments has become, as `openMessage` would open it. */
export function messageOf(row: Omit<SealedRow, "sealed" | "externalId">, draft: MessageDraft): Message {
  const { hold: _, ...body } = bodyOf(draft);
  const { id, channel, receivedAt } = row;
  return { ...body, id, channel, externalId: draft.externalId, receivedAt: receivedAt.toISOString(), attachments: [] };
}

/** Opens a stored message with its attachments. */
export function openMessage(
  sealer: Sealer,
  row: SealedRow,
  attachments: readonly AttachmentState[],
): { message: Message; hold: SealedBody["hold"] } {
  const { hold, ...body } = openAt(sealer, place.message(row.epoch, row.id, "sealed"), row.sealed);
  const message: Message = {
    ...body,
    id: row.id,
    channel: row.channel,
    externalId: sealer.open(place.externalId(row.epoch, row.id), row.externalId).toString("utf8"),
    receivedAt: row.receivedAt.toISOString(),
    attachments: attachments.map((attachment) => openAttachment(sealer, attachment)),
  };
  return { message, hold };
}

export function openAttachment(sealer: Sealer, row: AttachmentState): Attachment {
  const body = openAt(sealer, place.attachment(row.epoch, row.id), row.sealed);
  return { id: row.id, ordinal: row.ordinal, verdict: row.verdict, ...body };
}
