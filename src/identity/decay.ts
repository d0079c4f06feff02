import { LOWERINGS, type Lowering } from "#src/message/link.ts";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { dropProposals, type FallenProposal } from "#src/store/sql/clearing-held.ts";
import {
  forgetLinks,
  linksAgainstDirectory,
  linksByKeys,
  linksByPatients,
  lowerLinks,
  type Lowered,
} from "#src/store/sql/links.ts";
import type { Effects } from "./apply.ts";

/** Something that speaks against links: found by the keyed hashes of numbers and user ids. */
export interface Doubtful {
  readonly why: Lowering;
  readonly bis: readonly Buffer[];
}

/** Lowers links, and never raises one. @returns what is to be journaled once nothing more is locked */
export function lower(db: Transaction, ids: readonly string[], why: Lowering, now: Date): Promise<Lowered[]> {
  return lowerLinks(db, ids, { to: LOWERINGS[why], why, now });
}

/** What the directory has brought down: links that are weaker now, and tasks of which nothing is proposed any more. */
export interface Fallen {
  readonly lowered: readonly Lowered[];
  readonly proposals: readonly FallenProposal[];
}

/**
 * Lowers the links that what the directory learned speaks against; those to whom was deleted are gone with them. What is
 * proposed of a patient who is another one now, or had another's record, falls: nobody can say any more whom it meant.
 */
export async function lowerAfterDirectory(
  db: Transaction,
  { phones, patients, parted, patient }: Pick<Effects, "phones" | "patients" | "parted" | "patient">,
  update: Pick<DirectoryUpdate, "patient">,
  now: Date,
): Promise<Fallen> {
  const doubted = [...patients.keys(), ...parted];
  const proposals = doubted.length > 0 ? await dropProposals(db, doubted) : [];
  const followed = [...patients].filter(([, to]) => to !== null).map(([from]) => from);
  const merged = followed.length > 0 ? await linksByPatients(db, followed) : [];
  const unmerged = parted.length > 0 ? await linksByPatients(db, parted) : [];
  const gone = [...patients].filter(([, to]) => to === null).map(([from]) => from);
  if (gone.length > 0) await forgetLinks(db, gone);
  const moved = phones.length > 0 ? await linksAgainstDirectory(db, phones) : [];
  const dead = update.patient.deceased === "Y" ? await linksByPatients(db, [patient]) : [];
  const lowered = [
    ...(await lower(db, dead, "died", now)),
    ...(await lower(db, unmerged, "unmerged", now)),
    ...(await lower(db, merged, "merged", now)),
    ...(await lower(db, moved, "number_moved", now)),
  ];
  return { lowered, proposals };
}

/** Lowers the links of contacts of whom the provider said something, or who show something else. */
export async function lowerAfterContacts(db: Transaction, doubts: readonly Doubtful[], now: Date): Promise<Lowered[]> {
  const lowered: Lowered[] = [];
  for (const { why, bis } of doubts) lowered.push(...(await lower(db, await linksByKeys(db, bis), why, now)));
  return lowered;
}

/** What the journal says of it. */
export function detailOf({ was, level, why }: Lowered): Record<string, string> {
  return { from: String(was), to: String(level), reason: why };
}
