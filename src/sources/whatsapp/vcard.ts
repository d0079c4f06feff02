import type { ContactCard } from "#src/message/content.ts";

/** A vCard 4.0 (RFC 6350) of what a shared contact says, with CRLF line ends as its clause 3.2 asks. */
export function vcard({ name, organisation, phones, emails, addresses }: Omit<ContactCard, "vcard">): string {
  const lines = [
    "BEGIN:VCARD",
    "VERSION:4.0",
    `FN:${escaped(name)}`,
    ...(organisation === undefined ? [] : [`ORG:${escaped(organisation)}`]),
    ...phones.map((phone) => `TEL:${escaped(phone)}`),
    ...emails.map((email) => `EMAIL:${escaped(email)}`),
    // ADR has seven components; what came is one line, so it stands where the street does.
    ...addresses.map((address) => `ADR:;;${escaped(address)};;;;`),
    "END:VCARD",
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}

/** RFC 6350 §3.4: backslash, comma, semicolon and line ends are escaped, so that no text becomes a property of its own. */
function escaped(text: string): string {
  return text.replace(/[\\,;]/g, "\\$&").replace(/\r\n|\r|\n/g, "\\n");
}
