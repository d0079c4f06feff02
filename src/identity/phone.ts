import { phoneBucket } from "#src/message/comparable-phone.ts";
import type { Contact } from "#src/message/contact.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";

/** The keyed hash by which a number is found, in messages and in the directory alike. */
export function phoneKey(blindIndex: Pick<BlindIndex, "of">, digits: string): Buffer {
  return blindIndex.of("phone", phoneBucket(digits));
}

const KEYS = new WeakMap<BlindIndex, WeakMap<Contact, Buffer | null>>();

/** The keyed hash of a contact: its number where it shows one, else its user id. Made once, for every step asks for it. */
export function contactKey(blindIndex: BlindIndex, contact: Contact): Buffer | null {
  const known = KEYS.get(blindIndex)?.get(contact);
  if (known !== undefined) return known;
  const made = makeKey(blindIndex, contact);
  const keys = KEYS.get(blindIndex) ?? new WeakMap<Contact, Buffer | null>();
  KEYS.set(blindIndex, keys.set(contact, made));
  return made;
}

function makeKey(blindIndex: BlindIndex, contact: Contact): Buffer | null {
  if (contact.phone !== undefined) return phoneKey(blindIndex, contact.phone);
  return contact.userId === undefined ? null : blindIndex.of("user-id", contact.userId);
}
