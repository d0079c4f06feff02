import type { Contact } from "#src/message/contact.ts";
import type { Subject } from "#src/message/directory.ts";
import type { HoldReason } from "#src/message/message.ts";
import type { Directory } from "./directory.ts";

export type Resolution =
  | { readonly found: true; readonly subject: Subject; readonly patientIds: readonly string[] }
  | { readonly found: false; readonly reason: HoldReason; readonly patientIds: readonly string[] };

/** The level of a link that rests only on the directory: exactly one patient carries the number. */
const BY_NUMBER = 1;

/**
 * Finds the patient behind a contact. Anything but exactly one is held: doubt is never resolved by guessing (I3).
 * `patientIds` are the directory's ids that were seen, sorted, to be compared again at the commit.
 */
export async function resolve(
  directory: Directory,
  contact: Contact | undefined,
  requireLevel: number,
): Promise<Resolution> {
  if (contact?.phone === undefined) return { found: false, reason: "unknown", patientIds: [] };
  const patients = await directory.byPhone(contact.phone);
  const patientIds = patients.map(({ id }) => id);
  const [only, ...more] = patients;
  if (!only) return { found: false, reason: "unknown", patientIds };
  if (more.length > 0) return { found: false, reason: "ambiguous", patientIds };
  if (requireLevel > BY_NUMBER) return { found: false, reason: "unverified", patientIds };
  const encounter = await directory.onlyOpenEncounter(only.id);
  return {
    found: true,
    patientIds,
    subject: { patient: only.patient, level: BY_NUMBER, ...(encounter && { encounter }) },
  };
}
