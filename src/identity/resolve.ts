import type { Contact } from "#src/message/contact.ts";
import type { Subject } from "#src/message/directory.ts";
import type { HoldReason } from "#src/message/message.ts";
import type { Directory } from "./directory.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";

export type Resolution =
  | { readonly found: true; readonly subject: Subject; readonly patientId: string; readonly seen: readonly string[] }
  | { readonly found: false; readonly reason: HoldReason; readonly seen: readonly string[] };

/** Who asks, and may lose interest: its signal is only made when something takes long enough to be broken off. */
export interface Interruptible {
  readonly signal: AbortSignal;
}

/** The level of a link that rests only on the directory: exactly one patient carries the number. */
const BY_NUMBER = 1;

/**
 * Finds the patient behind a contact. Anything but exactly one is held: doubt is never resolved by guessing (I3). A
 * channel with a look-up asks the KIS first, and throws when there is no answer. `seen` says which patients were seen
 * and what was known of them then, to be compared again at the commit.
 */
export async function resolve(
  directory: Directory,
  contact: Contact | undefined,
  { requireLevel, lookup }: { readonly requireLevel: number; readonly lookup?: PatientLookup },
  asking: Interruptible,
): Promise<Resolution> {
  if (contact?.phone === undefined) return { found: false, reason: "unknown", seen: [] };
  if (lookup) await directory.refresh(contact.phone, lookup, asking.signal);
  const patients = await directory.byPhone(contact.phone);
  const seen = patients.map(({ id, version }) => `${id}@${version}`);
  const [only, ...more] = patients;
  if (!only) return { found: false, reason: "unknown", seen };
  if (more.length > 0) return { found: false, reason: "ambiguous", seen };
  if (requireLevel > BY_NUMBER) return { found: false, reason: "unverified", seen };
  const encounter = await directory.onlyOpenEncounter(only.id);
  return {
    found: true,
    patientId: only.id,
    seen,
    subject: { patient: only.patient, level: BY_NUMBER, ...(encounter && { encounter }) },
  };
}
