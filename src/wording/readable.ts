import { absence, fileable, type Attachment } from "#src/message/attachment.ts";
import type { ChoiceContent, Content, NoteContent, OrderContent } from "#src/message/content.ts";
import { shownFileName } from "#src/message/file-name.ts";
import type { Circumstances } from "#src/message/message.ts";
import { cardLines } from "./card.ts";
import { told, typed } from "./typed.ts";
import type { Words } from "./words.ts";

/**
 * What a clinician reads of a message: its lines as plain text, in the language of the channel. What was typed stands
 * untouched; what was done is told in square brackets, so that nobody takes it for the patient's words.
 */
export function readableLines(content: Content, words: Words, attachments: readonly Attachment[] = []): string[] {
  return spokenLines(content, words, attachments).flatMap(split);
}

function spokenLines(content: Content, words: Words, attachments: readonly Attachment[]): readonly string[] {
  switch (content.kind) {
    case "text":
      return [typed(content.text)];
    case "image":
    case "video":
    case "document":
      return [...mediaLines(content, words, attachments), ...optional(content.caption)];
    case "audio":
    case "sticker":
      return mediaLines(content, words, attachments);
    case "location":
      return [
        told(words.location(content.latitude, content.longitude)),
        ...optional(content.name),
        ...optional(content.address),
        ...optional(content.url),
      ];
    case "contacts":
      return content.cards.flatMap((card) => cardLines(card, words));
    case "choice":
      return [
        ...choiceLines(content, words),
        ...attachments.flatMap((attachment) => [
          ...absenceLines(content, attachment, words),
          ...remarkLines(content, attachment, words),
        ]),
      ];
    case "reaction":
      return content.emoji === undefined
        ? [told(words.reactionTakenBack)]
        : [`${told(words.reaction)} ${typed(content.emoji)}`];
    case "order":
      return orderLines(content, words);
    case "note":
      return noteLines(content, words);
    case "edit":
      return [told(words.edited), ...spokenLines(content.revised, words, attachments)];
    case "revoke":
      return [told(words.revoked)];
    case "call":
      return [told(words.call(content))];
    case "hl7":
      return [content.text];
    case "unknown":
      return [told(words.unreadable([content.sourceKind, ...(content.codes ?? [])].join(", ")))];
  }
}

/** What kind of attachment there is, by the name its sender gave it, and that it is not there. */
function mediaLines(content: Content, words: Words, attachments: readonly Attachment[]): string[] {
  const lines = attachments.flatMap((attachment) => {
    const absent = absenceLines(content, attachment, words);
    return absent.length > 0
      ? absent
      : [...nameLines(content, attachment, words), ...remarkLines(content, attachment, words)];
  });
  return lines.length > 0 ? lines : [told(nounOf(content, words))];
}

/** What an attachment is, with the name its sender gave a document. */
export function nameLines(content: Content, { reference }: Attachment, words: Words): string[] {
  const name = content.kind === "document" ? shownFileName(reference.fileName) : undefined;
  return [told(name === undefined ? nounOf(content, words) : `${nounOf(content, words)}: ${name}`)];
}

/** What stands in place of an attachment: that it is not there, and its name; nothing for one that is there. */
export function absenceLines(content: Content, attachment: Attachment, words: Words): string[] {
  const why = absence(attachment);
  if (!why) return [];
  const name = shownFileName(attachment.reference.fileName);
  const noun = nounOf(content, words);
  return [told(`${noun}: ${words.absences[why]}`), ...(name === undefined ? [] : [told(`${noun}: ${name}`)])];
}

/** What the reader is to know before opening an attachment. */
export function remarkLines(content: Content, attachment: Attachment, words: Words): string[] {
  const { remarks = [] } = fileable(attachment) ?? {};
  return remarks.map((trait) => told(`${nounOf(content, words)}: ${words.pdfTraits[trait]}`));
}

/** What a message's attachment is to the reader. */
function nounOf(content: Content, words: Words): string {
  if (content.kind === "edit") return nounOf(content.revised, words);
  if (content.kind === "audio") return content.voice ? words.voiceMessage : words.sound;
  const { image, video, document, sticker } = words;
  const nouns: Partial<Record<Content["kind"], string>> = { image, video, document, sticker };
  return nouns[content.kind] ?? words.attachment;
}

function choiceLines({ text, description, answers, callPermission }: ChoiceContent, words: Words): string[] {
  const chosen = callPermission ? words.callPermission(callPermission) : typed(text);
  return [
    `${told(words.choice)} ${chosen}`,
    ...optional(description),
    ...Object.entries(answers ?? {}).map(([field, answer]) => typed(`${field}: ${answer}`)),
  ];
}

function orderLines({ text, items }: OrderContent, words: Words): string[] {
  return [
    told(words.order),
    ...optional(text),
    ...items.map(({ product, quantity, price }) => typed(`${quantity} × ${product} ${price}`.trimEnd())),
  ];
}

function noteLines({ event, text }: NoteContent, words: Words): string[] {
  const change = event === "group_changed" && text !== undefined ? words.groupChanges[text] : undefined;
  if (change !== undefined) return [told(`${words.notes[event]}: ${change}`)];
  return [told(words.notes[event]), ...optional(text)];
}

/** How a message came about, in square brackets like everything that is not the sender's own words. */
export function circumstanceLines(circumstances: Circumstances | undefined, words: Words): readonly string[] {
  const { also = [], earlier, forwarded, group, product, referral } = circumstances ?? {};
  const advertised = referral && [words.fromAdvertisement, referral.headline, referral.body, referral.url];
  return [
    ...(earlier ? [words.earlier] : []),
    ...(group === undefined ? [] : [words.inGroup]),
    ...(forwarded === undefined ? [] : [words.forwarded[forwarded]]),
    ...(product === undefined ? [] : [words.aboutProduct(product)]),
    ...(advertised ? [advertised.filter(Boolean).join(": ")] : []),
    ...also.map((one) => words.also(one)),
  ].map(told);
}

function optional(text: string | undefined): readonly string[] {
  return text === undefined || text === "" ? [] : [typed(text)];
}

/** Answers of forms and addresses have several lines as well: drawn as one, the last word of each would touch the next. */
function split(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/);
}
