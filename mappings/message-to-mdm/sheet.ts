import { timestamp } from "#src/hl7/timestamp.ts";
import type { Contact } from "#src/message/contact.ts";
import type { Block, Sheet } from "#src/message/sheet.ts";
import type { Rendering } from "./rendering.ts";
import { personal } from "./patient.ts";

/** The message as it is drawn: whose it is, who wrote it and when, then its lines and pictures. */
export function sheetOf(
  { message, subject, event, params }: Rendering,
  lines: readonly string[],
  pictures: readonly Block[],
): Sheet {
  const { patient } = subject;
  const numbers = personal(patient.identifiers, params.patient_authorities).map(({ value }) => value);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Patient", [patient.familyName, patient.givenName].filter(isSaid).join(", ")],
    ["Geboren", patient.birthDate && germanDate(patient.birthDate)],
    ["Patientennr.", numbers.join(", ")],
    ["Fallnummer", subject.encounter?.number.value],
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
    facts: facts.flatMap(([label, value]) => (isSaid(value) ? [[label, value] as const] : [])),
    blocks: [{ lines }, ...pictures],
  };
}

/** The name is the one the sender chose: it stands in quotes, because nobody checked it. */
function contactLine(contact: Contact | undefined): string | undefined {
  const number = contact?.phone === undefined ? contact?.userId : `+${contact.phone}`;
  return [number, contact?.displayName === undefined ? undefined : `„${contact.displayName}“`].filter(isSaid).join(" ");
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
