import { timestamp } from "#src/hl7/timestamp.ts";
import type { Contact } from "#src/message/contact.ts";
import type { DayPosition } from "#src/message/day.ts";
import type { Subject } from "#src/message/directory.ts";
import { counterpart } from "#src/message/message.ts";
import type { Block, Sheet } from "#src/message/sheet.ts";
import { dateOf } from "./day-event.ts";
import type { MdmParams } from "./params.ts";
import type { Rendering } from "./rendering.ts";
import { personal } from "./patient.ts";

/** The message as it is drawn: whose it is, who wrote it and when, then its lines and pictures. */
export function sheetOf(
  { message, subject, event, params }: Rendering,
  lines: readonly string[],
  pictures: readonly Block[],
): Sheet {
  const facts: readonly Fact[] = [
    ...patientFacts(subject, params),
    ["Absender", message.recipient ? "Klinik" : contactLine(message.sender)],
    ["An", contactLine(message.recipient)],
    ["Gesendet", localTime(message.sentAt, params.profile.timestamps.zone)],
    ["Zu Dokument", event.parent],
  ];
  return {
    title: "Nachricht über WhatsApp",
    author: params.filed_by,
    number: event.document,
    createdAt: message.sentAt,
    facts: said(facts),
    blocks: [{ lines }, ...pictures],
  };
}

/** The conversation of a day: whose it is, with whom, which day and how far, then what was said. */
export function daySheetOf(
  { message, subject, event, params }: Rendering,
  { version }: DayPosition,
  blocks: readonly Block[],
): Sheet {
  const facts: readonly Fact[] = [
    ...patientFacts(subject, params),
    ["Unterhaltung", contactLine(counterpart(message))],
    ["Tag", germanDate(dateOf(message.sentAt, params.profile))],
    ["Stand", `Version ${version}, ${clockTime(message.sentAt, params)}`],
    ["Vorversion", event.parent],
  ];
  return {
    title: "Unterhaltung eines Tages über WhatsApp",
    author: params.filed_by,
    number: event.document,
    createdAt: message.sentAt,
    facts: said(facts),
    blocks,
  };
}

type Fact = readonly [label: string, value: string | undefined];

function patientFacts({ patient, encounter }: Subject, params: MdmParams): Fact[] {
  const numbers = personal(patient.identifiers, params.patient_authorities).map(({ value }) => value);
  return [
    ["Patient", [patient.familyName, patient.givenName].filter(isSaid).join(", ")],
    ["Geboren", patient.birthDate && germanDate(patient.birthDate)],
    ["Patientennr.", numbers.join(", ")],
    ["Fallnummer", encounter?.number.value],
  ];
}

function said(facts: readonly Fact[]): (readonly [string, string])[] {
  return facts.flatMap(([label, value]) => (isSaid(value) ? [[label, value] as const] : []));
}

/** The name is the one the sender chose: it stands in quotes, because nobody checked it. */
export function contactLine(contact: Contact | undefined): string {
  const number = contact?.phone === undefined ? contact?.userId : `+${contact.phone}`;
  return [number, contact?.displayName === undefined ? undefined : `„${contact.displayName}“`].filter(isSaid).join(" ");
}

/** "10:26:05 Uhr" */
export function clockTime(instant: string, { profile }: MdmParams): string {
  const digits = timestamp(instant, { zone: profile.timestamps.zone, offset: false });
  return `${digits.slice(8, 10)}:${digits.slice(10, 12)}:${digits.slice(12, 14)} Uhr`;
}

function localTime(instant: string, zone: string): string {
  const digits = timestamp(instant, { zone, offset: false });
  const at = (from: number, to: number) => digits.slice(from, to);
  return `${at(6, 8)}.${at(4, 6)}.${at(0, 4)}, ${at(8, 10)}:${at(10, 12)}:${at(12, 14)} Uhr (${zone})`;
}

function germanDate(date: string): string {
  return date.split("-").toReversed().join(".");
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}
