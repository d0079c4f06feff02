import type { CardEntry, ContactCard } from "#src/message/content.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { readVcard } from "./read-vcard.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";
import { vcard } from "./vcard.ts";

/**
 * `{"type":"contacts","contacts":[{"name":{…},"phones":[…],"vcard"?,…}]}`; nearly every member may be missing, and then the
 * vCard beside them is read for it.
 */
export function cards(element: Members): Reading {
  const shared = (list(element["contacts"]) ?? []).map(members);
  const read = shared.flatMap((contact) => (contact ? [card(contact)] : []));
  if (read.length === 0 || read.length < shared.length) return unknown("contacts", "malformed");
  return { content: { kind: "contacts", cards: read } };
}

function card(contact: Members): ContactCard {
  const given = word(contact["vcard"]);
  const written = given === undefined ? undefined : readVcard(given);
  const read = merged(cardOf(contact), written);
  return { ...read, vcard: given ?? vcard(read) };
}

type Read = Omit<ContactCard, "vcard">;

function cardOf(contact: Members): Read {
  const org = members(contact["org"]);
  const facts = {
    organisation: word(org?.["company"]),
    department: word(org?.["department"]),
    title: word(org?.["title"]),
    birthday: word(contact["birthday"]),
    note: word(contact["note"]),
  };
  return {
    name: nameOf(members(contact["name"])),
    ...said(facts),
    phones: each(contact["phones"], (phone) => word(phone["phone"]) ?? word(phone["wa_id"])),
    emails: each(contact["emails"], (email) => word(email["email"])),
    addresses: each(contact["addresses"], addressLine),
    urls: each(contact["urls"], (url) => word(url["url"])),
    messengers: each(contact["ims"], ({ service, user_id: id }) =>
      word(id) === undefined ? undefined : [word(service), word(id)].filter((part) => part !== undefined).join(": "),
    ),
  };
}

/** What the members say, and what only the vCard does. */
function merged(read: Read, written: Read | undefined): Read {
  if (!written) return read;
  const entries = (own: readonly CardEntry[] = [], theirs: readonly CardEntry[] = []) =>
    own.length > 0 ? own : theirs;
  return {
    ...written,
    ...read,
    name: read.name === "" ? written.name : read.name,
    phones: entries(read.phones, written.phones),
    emails: entries(read.emails, written.emails),
    addresses: entries(read.addresses, written.addresses),
    urls: entries(read.urls, written.urls),
    messengers: entries(read.messengers, written.messengers),
  };
}

function nameOf(name: Members | undefined): string {
  const parts = ["prefix", "first_name", "middle_name", "last_name", "suffix"].map((part) => word(name?.[part]));
  return word(name?.["formatted_name"]) ?? parts.filter((part) => part !== undefined).join(" ");
}

function addressLine(address: Members): string | undefined {
  const place = [word(address["zip"]), word(address["city"])].filter((part) => part !== undefined).join(" ");
  const country = word(address["country"]) ?? word(address["country_code"])?.toUpperCase();
  const parts = [word(address["street"]), place, word(address["state"]), country];
  const line = parts.filter((part) => part !== undefined && part !== "").join(", ");
  return line === "" ? undefined : line;
}

function each(value: unknown, read: (item: Members) => string | undefined): CardEntry[] {
  return (list(value) ?? []).flatMap((item) => {
    const entry = members(item) ?? {};
    const text = read(entry);
    const type = word(entry["type"]);
    return text === undefined ? [] : [type === undefined ? text : { value: text, type }];
  });
}

function said(facts: Readonly<Record<string, string | undefined>>): Partial<Read> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
