import type { CallContent, ContactCard, Content, NoteContent } from "./content.ts";
import type { Circumstances } from "./message.ts";

const NOTES: Readonly<Record<NoteContent["event"], string>> = {
  welcome_requested: "Unterhaltung geöffnet",
  number_changed: "Rufnummer gewechselt",
  user_id_changed: "Benutzerkennung gewechselt",
  identity_changed: "Sicherheitsnummer geändert",
  group_changed: "Gruppe geändert",
  other: "Hinweis",
};

/**
 * What a clinician reads of a message: its lines as plain text, German as in the chart. What was typed stands
 * untouched; what was done is told in square brackets, so that nobody takes it for the patient's words.
 */
export function readableLines(content: Content): readonly string[] {
  return spokenLines(content).flatMap(split);
}

function spokenLines(content: Content): readonly string[] {
  switch (content.kind) {
    case "text":
      return [content.text];
    case "image":
      return ["[Bild]", ...optional(content.caption)];
    case "audio":
      return [content.voice ? "[Sprachnachricht]" : "[Tonaufnahme]"];
    case "video":
      return ["[Video]", ...optional(content.caption)];
    case "document":
      return ["[Dokument]", ...optional(content.caption)];
    case "sticker":
      return ["[Sticker]"];
    case "location":
      return [
        `[Standort ${content.latitude}, ${content.longitude}]`,
        ...optional(content.name),
        ...optional(content.address),
        ...optional(content.url),
      ];
    case "contacts":
      return content.cards.flatMap(cardLines);
    case "choice":
      return [
        `[Auswahl] ${content.text}`,
        ...optional(content.description),
        ...Object.entries(content.answers ?? {}).map(([field, answer]) => `${field}: ${answer}`),
      ];
    case "reaction":
      return [content.emoji === undefined ? "[Reaktion zurückgenommen]" : `[Reaktion] ${content.emoji}`];
    case "order":
      return [
        "[Bestellung]",
        ...optional(content.text),
        ...content.items.map(({ product, quantity, price }) => `${quantity} × ${product} ${price}`.trimEnd()),
      ];
    case "note":
      return [`[${NOTES[content.event]}]`, ...optional(content.text)];
    case "edit":
      return ["[Bearbeitet]", ...spokenLines(content.revised)];
    case "revoke":
      return ["[Vom Absender gelöscht]"];
    case "call":
      return [`[${callLine(content)}]`];
    case "hl7":
      return [content.text];
    case "unknown":
      return [`[Nicht darstellbare Nachricht: ${[content.sourceKind, ...(content.codes ?? [])].join(", ")}]`];
  }
}

/** How a message came about, in square brackets like everything that is not the sender's own words. */
export function circumstanceLines(circumstances: Circumstances | undefined): readonly string[] {
  const { earlier, forwarded, group, product, referral } = circumstances ?? {};
  return [
    ...(earlier ? ["[Aus dem Verlauf vor dem Anschluss]"] : []),
    ...(group === undefined ? [] : ["[In einer Gruppe geschrieben]"]),
    ...(forwarded === undefined ? [] : [forwarded === "often" ? "[Häufig weitergeleitet]" : "[Weitergeleitet]"]),
    ...(product === undefined ? [] : [`[Zu Produkt ${product}]`]),
    ...(referral === undefined
      ? []
      : [
          `[${split(["Über eine Anzeige", referral.headline, referral.body, referral.url].filter(Boolean).join(": ")).join(" ")}]`,
        ]),
  ];
}

const CALL_EVENTS: Readonly<Record<string, string>> = { connect: "begonnen", terminate: "beendet" };

function callLine({ direction, event, durationSeconds }: CallContent): string {
  const line = `${direction === "incoming" ? "Anruf" : "Anruf der Klinik"}: ${CALL_EVENTS[event] ?? event}`;
  return durationSeconds === undefined ? line : `${line}, ${durationSeconds} s`;
}

function cardLines({ name, organisation, phones, emails, addresses }: ContactCard): string[] {
  return [`[Kontakt] ${name}`, ...optional(organisation), ...phones, ...emails, ...addresses];
}

function optional(text: string | undefined): readonly string[] {
  return text === undefined || text === "" ? [] : [text];
}

/** Answers of forms and addresses have several lines as well: drawn as one, the last word of each would touch the next. */
function split(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/);
}
