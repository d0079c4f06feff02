import type { Contact, ContactNews } from "#src/message/contact.ts";
import { contactIds } from "./contact.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";

/** `customer_…` are the older names. */
const CHANGES = new Set(["user_changed_number", "customer_changed_number", "user_changed_user_id"]);

/**
 * What an element of `messages[]` and its contact entry say about who the sender is: the fingerprint of their keys
 * (`identity_key_hash`, where the number's identity check is on), and a change of number or user id in a system message.
 */
export function contactNews(element: Members, entry: Members | undefined): ContactNews | undefined {
  const system = element["type"] === "system" ? members(element["system"]) : undefined;
  const keyHash = hashOf(system?.["identity"]) ?? hashOf(element["identity"]) ?? word(entry?.["identity_key_hash"]);
  const changed = system && changeOf(element, system);
  return keyHash === undefined && !changed
    ? undefined
    : { ...(keyHash !== undefined && { keyHash }), ...(changed && { changed }) };
}

/** `{"hash":"…",…}` beside a message; in a system message the hash itself. */
function hashOf(identity: unknown): string | undefined {
  return word(members(identity)?.["hash"]) ?? word(identity);
}

/** Both sides must be named, or nobody can be followed. A new number comes with a new user id: the old one ends with it. */
function changeOf(element: Members, system: Members): ContactNews["changed"] {
  const type = word(system["type"]);
  if (type === undefined || !CHANGES.has(type)) return undefined;
  const writtenBy = word(element["from_user_id"]);
  const previous = word(system["previous_user_id"]) ?? (writtenBy === word(system["user_id"]) ? undefined : writtenBy);
  const from = idsOf(word(element["from"]), previous);
  const wants = type === "user_changed_user_id" ? "userId" : "phone";
  const to = idsOf(word(system["new_wa_id"]) ?? word(system["wa_id"]), word(system["user_id"]));
  const named = from.phone !== undefined || from.userId !== undefined;
  const differs = to[wants] !== undefined && to[wants] !== from[wants];
  return named && differs ? { from, to } : undefined;
}

function idsOf(phone: string | undefined, userId: string | undefined): Contact {
  return contactIds(phone, userId) ?? {};
}
