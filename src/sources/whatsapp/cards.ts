import type { ContactCard } from "#src/message/content.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";
import { vcard } from "./vcard.ts";

/** `{"type":"contacts","contacts":[{"name":{…},"phones":[…],"vcard"?,…}]}`; nearly every member may be missing. */
export function cards(element: Members): Reading {
  const shared = (list(element["contacts"]) ?? []).map(members);
  const read = shared.flatMap((contact) => (contact ? [card(contact)] : []));
  if (read.length === 0 || read.length < shared.length) return unknown("contacts", "malformed");
  return { content: { kind: "contacts", cards: read } };
}

function card(contact: Members): ContactCard {
  const organisation = word(members(contact["org"])?.["company"]);
  const read = {
    name: nameOf(members(contact["name"])),
    ...(organisation !== undefined && { organisation }),
    phones: each(contact["phones"], (phone) => word(phone["phone"]) ?? word(phone["wa_id"])),
    emails: each(contact["emails"], (email) => word(email["email"])),
    addresses: each(contact["addresses"], addressLine),
  };
  return { ...read, vcard: word(contact["vcard"]) ?? vcard(read) };
}

function nameOf(name: Members | undefined): string {
  const parts = ["prefix", "first_name", "middle_name", "last_name", "suffix"].map((part) => word(name?.[part]));
  return word(name?.["formatted_name"]) ?? parts.filter((part) => part !== undefined).join(" ");
}

function addressLine(address: Members): string | undefined {
  const place = [word(address["zip"]), word(address["city"])].filter((part) => part !== undefined).join(" ");
  const parts = [word(address["street"]), place, word(address["state"]), word(address["country"])];
  const line = parts.filter((part) => part !== undefined && part !== "").join(", ");
  return line === "" ? undefined : line;
}

function each(value: unknown, read: (item: Members) => string | undefined): string[] {
  return (list(value) ?? []).flatMap((item) => read(members(item) ?? {}) ?? []);
}
