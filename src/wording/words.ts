import type { Absence, PdfTrait } from "#src/message/attachment.ts";
import type { CallContent, ChoiceContent, NoteContent } from "#src/message/content.ts";
import type { Writer } from "#src/message/link.ts";
import type { Circumstances } from "#src/message/message.ts";

/** Labels of the fields of a contact's card. */
export type CardLabel =
  "organisation" | "department" | "title" | "birthday" | "phone" | "email" | "address" | "url" | "messenger" | "note";

/**
 * Every sentence a patient or clinician reads, in one language. Whole lines without their square brackets, which
 * `told` puts around them; names in them are already fit to be shown.
 */
export interface Words {
  /** BCP 47. */
  readonly tag: string;
  readonly image: string;
  readonly voiceMessage: string;
  readonly sound: string;
  readonly video: string;
  readonly document: string;
  readonly sticker: string;
  readonly attachment: string;
  /** Why an attachment is not there, after what it is. */
  readonly absences: Readonly<Record<Absence, string>>;
  /** What a PDF has in it, after what it is. */
  readonly pdfTraits: Readonly<Record<PdfTrait, string>>;
  location(latitude: number, longitude: number): string;
  readonly contact: string;
  readonly cardLabels: Readonly<Record<CardLabel, string>>;
  /** Kinds of a number or address on a card: `WORK`, `HOME`, … in lower case; others are shown as they came. */
  readonly cardTypes: Readonly<Record<string, string>>;
  readonly choice: string;
  callPermission(permission: NonNullable<ChoiceContent["callPermission"]>): string;
  readonly reaction: string;
  readonly reactionTakenBack: string;
  readonly order: string;
  readonly notes: Readonly<Record<NoteContent["event"], string>>;
  readonly groupChanges: Readonly<Record<string, string>>;
  readonly edited: string;
  readonly revoked: string;
  call(call: CallContent): string;
  unreadable(what: string): string;

  readonly earlier: string;
  readonly inGroup: string;
  readonly forwarded: Readonly<Record<NonNullable<Circumstances["forwarded"]>, string>>;
  aboutProduct(product: string): string;
  readonly fromAdvertisement: string;
  also(said: string): string;
  choiceId(id: string): string;

  readonly hospital: string;
  readonly clinic: string;
  writtenBy(who: string): string;
  writtenTo(who: string): string;
  /** Whoever writes in the patient's place: what they are, and a line that nobody reads as the patient's own words. */
  readonly writers: Readonly<
    Record<Writer, { readonly name: string; readonly wrote: string; readonly reached: string }>
  >;

  pictureReduced(limit: string, original: string): string;
  readonly pictureUnreadable: string;
  notEmbedded(original: string, url: string): string;
  notInDocument(mimeType: string): string;
  readonly aboutEarlierMessage: string;
  aboutMessageAt(dateAndTime: string): string;
  aboutMessageOf(time: string): string;
  readonly aboutMessageElsewhere: string;
  moreElsewhere(count: number): string;
  readonly afterThatDay: string;

  tooLargeForChart(what: string): string;
  tooLarge(what: string, where: string | undefined): string;
  addsTo(number: string): string;

  readonly reasons: Readonly<Record<"addendum" | "wrongChart" | "anotherMessage" | "edited" | "revoked", string>>;
  readonly facts: Readonly<Record<Fact, string>>;
  messageOver(source: string): string;
  dayOver(source: string): string;
  untitled(source: string, date: string): string;
  version(number: number, time: string): string;
  /** `{page}` and `{pages}` are filled in by whoever draws. */
  readonly pageOfPages: string;
  quoted(name: string): string;
  /** From "YYYY-MM-DD". */
  date(date: string): string;
  /** From "HH:MM:SS". */
  time(time: string): string;
  /** A size in units of 1,000. */
  size(bytes: number): string;
}

export type Fact =
  | "patient"
  | "born"
  | "patientNumber"
  | "caseNumber"
  | "sender"
  | "recipient"
  | "sent"
  | "aboutDocument"
  | "conversation"
  | "day"
  | "state"
  | "versionBefore";
