import { timestamp } from "#src/hl7/timestamp.ts";
import type { DayPosition } from "#src/message/day.ts";
import type { Subject } from "#src/message/directory.ts";
import { counterpart } from "#src/message/message.ts";
import type { Block, Sheet } from "#src/message/sheet.ts";
import { contactLine, counterpartLine, writerRemark } from "#src/wording/contact.ts";
import { told } from "#src/wording/typed.ts";
import type { Words } from "#src/wording/words.ts";
import { dateOf } from "./day-event.ts";
import type { MdmParams } from "./params.ts";
import type { Rendering } from "./rendering.ts";
import { personal } from "./patient.ts";

/** The message as it is drawn: whose it is, who wrote it and when, then its lines and pictures. */
export function sheetOf(
  { message, subject, event, params, words, sourceName }: Rendering,
  lines: readonly string[],
  pictures: readonly Block[],
): Sheet {
  const facts: readonly Fact[] = [
    ...patientFacts(subject, params, words),
    [words.facts.sender, message.recipient ? words.clinic : counterpartLine(message.sender, subject.writer, words)],
    [words.facts.recipient, message.recipient && counterpartLine(message.recipient, subject.writer, words)],
    [words.facts.sent, localTime(message.sentAt, params, words)],
    [words.facts.aboutDocument, event.parent],
  ];
  return {
    ...paper(words),
    title: words.messageOver(sourceName),
    author: params.filed_by,
    number: event.document,
    createdAt: message.sentAt,
    facts: said(facts),
    blocks: [{ lines: [...writerRemark(message, subject.writer, words), ...lines] }, ...pictures],
  };
}

/** The conversation of a day: whose it is, with whom, which day and how far, then what was said. */
export function daySheetOf(
  { message, subject, event, params, words, sourceName }: Rendering,
  { version }: DayPosition,
  blocks: readonly Block[],
): Sheet {
  const facts: readonly Fact[] = [
    ...patientFacts(subject, params, words),
    [words.facts.conversation, counterpartLine(counterpart(message), subject.writer, words)],
    [words.facts.day, words.date(dateOf(message.sentAt, params.profile))],
    [words.facts.state, words.version(version, words.time(clockTime(message.sentAt, params)))],
    [words.facts.versionBefore, event.parent],
  ];
  return {
    ...paper(words),
    title: words.dayOver(sourceName),
    author: params.filed_by,
    number: event.document,
    createdAt: message.sentAt,
    facts: said(facts),
    blocks,
  };
}

type Fact = readonly [label: string, value: string | undefined];

function paper({ tag, pageOfPages }: Words): Pick<Sheet, "language" | "pageOfPages"> {
  return { language: tag, pageOfPages };
}

function patientFacts({ patient, encounter }: Subject, params: MdmParams, words: Words): Fact[] {
  const { facts } = words;
  const numbers = personal(patient.identifiers, params.patient_authorities).map(({ value }) => value);
  return [
    [facts.patient, [patient.familyName, patient.givenName].filter(isSaid).join(", ")],
    [facts.born, patient.birthDate && words.date(patient.birthDate)],
    [facts.patientNumber, numbers.join(", ")],
    [facts.caseNumber, encounter?.number.value],
  ];
}

function said(facts: readonly Fact[]): (readonly [string, string])[] {
  return facts.flatMap(([label, value]) => (isSaid(value) ? [[label, value] as const] : []));
}

/** Quotation marks that every character set of HL7 v2 has. */
const PLAIN_QUOTES = { quoted: (name: string) => `"${name}"` };

/** Who wrote, or to whom the hospital did, as a line of a document that has no heading. */
export function writerLines({ message, subject, words }: Rendering): string[] {
  const { sender, recipient } = message;
  const who = contactLine(recipient ?? sender, PLAIN_QUOTES);
  const by = who === "" ? [] : [told(recipient ? words.writtenTo(who) : words.writtenBy(who))];
  return [...by, ...writerRemark(message, subject.writer, words)];
}

/** "10:26:05" */
export function clockTime(instant: string, { profile }: MdmParams): string {
  const digits = timestamp(instant, { zone: profile.timestamps.zone, offset: false });
  return `${digits.slice(8, 10)}:${digits.slice(10, 12)}:${digits.slice(12, 14)}`;
}

export function localTime(instant: string, params: MdmParams, words: Words): string {
  const { zone } = params.profile.timestamps;
  return `${words.date(dateOf(instant, params.profile))}, ${words.time(clockTime(instant, params))} (${zone})`;
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}
