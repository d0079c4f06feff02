import type { CardEntry, ContactCard } from "#src/message/content.ts";

/** Our types, and what RFC 6350 calls them; others of its names stand for themselves. */
const TYPES: Readonly<Record<string, string>> = { mobile: "cell", main: "voice" };

/** A vCard 4.0 (RFC 6350) of what a shared contact says, with CRLF line ends as its clause 3.2 asks. */
export function vcard(card: Omit<ContactCard, "vcard">): string {
  const { name, organisation, department, title, birthday, note } = card;
  const { phones, emails, addresses, urls = [], messengers = [] } = card;
  const lines = [
    "BEGIN:VCARD",
    "VERSION:4.0",
    `FN:${escaped(name)}`,
    ...(organisation === undefined && department === undefined ? [] : [`ORG:${components(organisation, department)}`]),
    ...(title === undefined ? [] : [`TITLE:${escaped(title)}`]),
    ...(birthday === undefined ? [] : [birthdayLine(birthday)]),
    ...phones.map((entry) => property("TEL", entry)),
    ...emails.map((entry) => property("EMAIL", entry)),
    // ADR has seven components; what came is one line, so it stands where the street does.
    ...addresses.map((entry) => property("ADR", entry, (address) => `;;${escaped(address)};;;;`)),
    ...urls.map((entry) => property("URL", entry)),
    ...messengers.map((entry) => property("IMPP", entry)),
    ...(note === undefined ? [] : [`NOTE:${escaped(note)}`]),
    "END:VCARD",
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}

function components(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part, index) => part !== undefined || index === 0)
    .map((part) => escaped(part ?? ""))
    .join(";");
}

/** RFC 6350 4.3.1 writes dates without dashes; another birthday is text. */
function birthdayLine(birthday: string): string {
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(birthday);
  return date ? `BDAY:${date.slice(1).join("")}` : `BDAY;VALUE=text:${escaped(birthday)}`;
}

function property(name: string, entry: CardEntry, write: (value: string) => string = escaped): string {
  if (typeof entry === "string") return `${name}:${write(entry)}`;
  const type = entry.type.toLowerCase();
  // A parameter is a token; the owner's own words are quoted, and there is no quotation mark inside (RFC 6350 3.3).
  const shown = TYPES[type] ?? (/^[a-z0-9-]+$/.test(type) ? type : `"${type.replaceAll(/[\p{Cc}"]/gu, " ")}"`);
  return `${name};TYPE=${shown}:${write(entry.value)}`;
}

/** RFC 6350 §3.4: backslash, comma, semicolon and line ends are escaped, so that no text becomes a property of its own. */
function escaped(text: string): string {
  return text.replace(/[\\,;]/g, "\\$&").replace(/\r\n|\r|\n/g, "\\n");
}
