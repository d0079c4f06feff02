import type { CardEntry, ContactCard } from "#src/message/content.ts";
import { told, typed } from "./typed.ts";
import type { CardLabel, Words } from "./words.ts";

/** A contact's card: its name, then everything that stands on it, each line labelled. */
export function cardLines(card: ContactCard, words: Words): string[] {
  const { organisation, department, title, birthday, note } = card;
  const { phones, emails, addresses, urls = [], messengers = [] } = card;
  const line = (label: CardLabel, text: string, type?: string) => {
    const kind = type
      ?.split(/[ ,]+/)
      .map((one) => words.cardTypes[one.toLowerCase()] ?? one)
      .join(" ");
    return `${told([words.cardLabels[label], kind].filter(Boolean).join(", "))} ${typed(text)}`;
  };
  const one = (label: CardLabel, text: string | undefined) => (text === undefined ? [] : [line(label, text)]);
  const all = (label: CardLabel, entries: readonly CardEntry[]) =>
    entries.map((entry) => (typeof entry === "string" ? line(label, entry) : line(label, entry.value, entry.type)));
  return [
    `${told(words.contact)} ${typed(card.name)}`.trimEnd(),
    ...one("organisation", organisation),
    ...one("department", department),
    ...one("title", title),
    ...one("birthday", birthday),
    ...all("phone", phones),
    ...all("email", emails),
    ...all("address", addresses),
    ...all("url", urls),
    ...all("messenger", messengers),
    ...one("note", note),
  ];
}
