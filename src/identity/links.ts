import { isSamePhone } from "#src/message/comparable-phone.ts";
import type { Contact } from "#src/message/contact.ts";
import { SILENCE_MS, type Lowering } from "#src/message/link.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { ContactKeys, LinkRow } from "#src/store/sql/links.ts";
import { FIRST, openAt, sealAt, type Place } from "#src/store/sealed/place.ts";
import type { ApplyDeps } from "./deps.ts";
import { contactKey } from "./phone.ts";

/** Below it a link says no more than the directory, and nothing at all where that says nothing. */
export const VERIFIED = 2;
const OF_AGE = 18;

/** The keyed hashes by which a contact's links are found; undefined for one without any id. */
export function linkKeys(blindIndex: BlindIndex, contact: Contact): ContactKeys | undefined {
  const contactBi = contactKey(blindIndex, contact);
  const userBi = contact.userId === undefined ? null : blindIndex.of("user-id", contact.userId);
  return contactBi ? { contactBi, userBi } : undefined;
}

export type LinkedContact = Pick<Contact, "phone" | "userId">;

export function sealLinked(sealer: ApplyDeps["sealer"], id: string, { phone, userId }: LinkedContact): Buffer {
  return sealAt(sealer, placeOf(id), {
    ...(phone !== undefined && { phone }),
    ...(userId !== undefined && { userId }),
  });
}

/** Whom a link was made for. */
export function openLinked(sealer: ApplyDeps["sealer"], { id, sealed }: Pick<LinkRow, "id" | "sealed">): LinkedContact {
  return openAt(sealer, placeOf(id), sealed);
}

function placeOf(id: string): Place<LinkedContact> {
  return { epoch: DIRECTORY_EPOCH, table: "patient_link", row: id, column: "sealed", shape: FIRST };
}

/**
 * Whether the contact may be the one a link was made for. Another user id with the same number is a number with a new
 * owner, another number with the same user id is one nobody has spoken of.
 */
export function contradicts(linked: LinkedContact, shown: Contact): boolean {
  const number = linked.phone !== undefined && shown.phone !== undefined && !isSamePhone(linked.phone, shown.phone);
  const user = linked.userId !== undefined && shown.userId !== undefined && linked.userId !== shown.userId;
  return number || user;
}

/** Whether the number only shares its keyed hash with the one a link was made for. */
export function isAnothers(linked: LinkedContact, shown: Contact): boolean {
  const number = linked.phone !== undefined && shown.phone !== undefined && !isSamePhone(linked.phone, shown.phone);
  return number && (linked.userId === undefined || linked.userId !== shown.userId);
}

/** Why a link is weaker by now than it is written down, of itself; undefined where it is not. */
export function agedFor(
  { role, seenAt }: Pick<LinkRow, "role" | "seenAt">,
  patient: { readonly birthDate?: string },
  now: number,
): Lowering | undefined {
  if (role === "guardian" && isOfAge(patient.birthDate, now)) return "came_of_age";
  return now - seenAt.getTime() > SILENCE_MS ? "silence" : undefined;
}

function isOfAge(birthDate: string | undefined, now: number): boolean {
  const [year = "", ...rest] = birthDate?.split("-") ?? [];
  if (!/^\d{4}$/.test(year)) return false;
  // On the day itself, wherever on earth.
  const from = Date.parse([String(Number(year) + OF_AGE).padStart(4, "0"), ...rest].join("-"));
  return Number.isFinite(from) && now >= from - 14 * 3_600_000;
}
