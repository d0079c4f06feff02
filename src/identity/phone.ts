import type { Contact } from "#src/message/contact.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";

/**
 * Numbers that WhatsApp and the rest of the world write differently: Mexico keeps an old "1" after 52, and Argentina's
 * mobiles carry a 9 after 54, in WhatsApp ids; Brazil's mobiles got a 9 before their eight digits that WhatsApp ids of
 * old accounts lack. Compared without it.
 */
const SAME_NUMBER: readonly [RegExp, string][] = [
  [/^521(\d{10})$/, "52$1"],
  [/^549(\d{10})$/, "54$1"],
  [/^(55\d{2})9(\d{8})$/, "$1$2"],
];

/** E.164 digits without "+", in the one form by which numbers are compared. */
export function comparablePhone(digits: string): string {
  const rule = SAME_NUMBER.find(([pattern]) => pattern.test(digits));
  return rule ? digits.replace(rule[0], rule[1]) : digits;
}

/** The keyed hash by which a number is found, in messages and in the directory alike. */
export function phoneKey(blindIndex: BlindIndex, digits: string): Buffer {
  return blindIndex.of("phone", comparablePhone(digits));
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
