import { phoneDigits } from "#src/message/comparable-phone.ts";
import type { Contact } from "#src/message/contact.ts";
import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";

/** The `contacts[]` beside the messages of one change, found by `wa_id` or `user_id`. */
export interface ContactBook {
  readonly byId: ReadonlyMap<string, Members>;
  /** The only entry, where there is exactly one. */
  readonly sole?: Members;
}

export function contactBook(value: unknown): ContactBook {
  const entries = (list(value) ?? []).map(members).filter((entry) => entry !== undefined);
  const byId = new Map<string, Members>();
  for (const entry of entries) {
    for (const id of [idOf(word(entry["wa_id"])), word(entry["user_id"])]) {
      if (id !== undefined && !byId.has(id)) byId.set(id, entry);
    }
  }
  const [sole] = entries;
  return { byId, ...(sole && entries.length === 1 && { sole }) };
}

/** Where an element names the contact: as its sender, or as the one the hospital wrote to. */
export type Side = "from" | "to";

/**
 * The contact entry of the person a message names. A message that names nobody belongs to the only entry there is; a
 * message that names somebody else never does, because a wrong user id would be a wrong patient.
 */
export function contactOf(element: Members, book: ContactBook, side: Side): Members | undefined {
  const number = idOf(word(element[side]));
  const userId = word(element[`${side}_user_id`]);
  if (number === undefined && userId === undefined) return book.sole;
  return (
    (number !== undefined ? book.byId.get(number) : undefined) ??
    (userId !== undefined ? book.byId.get(userId) : undefined)
  );
}

/**
 * Who wrote, or to whom. Since 2026 the number may be missing or hold a business-scoped user id, so only 5 to 20 digits
 * count as a phone number. Undefined when nothing identifies the person.
 */
export function person(element: Members, entry: Members | undefined, side: Side): Contact | undefined {
  const number = word(element[side]);
  const phone = phoneOf(number) ?? phoneOf(word(entry?.["wa_id"]));
  const userId = word(element[`${side}_user_id`]) ?? word(entry?.["user_id"]);
  const ids = contactIds(phone, userId ?? (phoneOf(number) === undefined ? number : undefined));
  const name = members(entry?.["profile"])?.["name"];
  return ids && { ...ids, ...(typeof name === "string" && name !== "" && { displayName: name }) };
}

/** The ids of a contact. A user id may stand where a number belongs: only 5 to 20 digits are taken for a number. */
export function contactIds(number: string | undefined, userId: string | undefined): Contact | undefined {
  const phone = phoneOf(number);
  const id = userId ?? (phone === undefined ? number : undefined);
  if (phone === undefined && id === undefined) return undefined;
  return { ...(phone !== undefined && { phone }), ...(id !== undefined && { userId: id }) };
}

/** Meta writes digits, its echoes page "+" before them. */
function phoneOf(id: string | undefined): string | undefined {
  return id === undefined ? undefined : phoneDigits(id);
}

function idOf(id: string | undefined): string | undefined {
  return phoneOf(id) ?? id;
}
