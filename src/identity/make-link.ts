import { randomUUID } from "node:crypto";
import type { Contact } from "#src/message/contact.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { numberLeftAt } from "#src/store/sql/clearing-held.ts";
import { endLinks, insertLink, linksOf, type ContactKeys, type LinkDraft } from "#src/store/sql/links.ts";
import type { ApplyDeps } from "./deps.ts";
import { contradicts, openLinked, sealLinked } from "./links.ts";

type Word = Pick<
  LinkDraft,
  "patientId" | "role" | "scope" | "caseBi" | "level" | "evidence" | "verifiedBy" | "approvedBy"
>;

export interface MadeLink {
  readonly id: string;
  /** Links the new word took the place of. */
  readonly ended: readonly string[];
}

/**
 * Writes who a contact is, under the directory's lock. Links of the contact to the same patient end, and those that hold no
 * more: the new word is newer than what spoke against them. One that says the same and is surer stays: other channels may
 * need it.
 */
export async function makeLink(
  { sealer }: Pick<ApplyDeps, "sealer">,
  db: Transaction,
  { contact, keys, word, now }: { contact: Contact; keys: ContactKeys; word: Word; now: Date },
): Promise<MadeLink> {
  const former = word.scope === "once" ? [] : await linksOf(db, keys);
  const replaced = former.filter(
    (link) =>
      link.scope !== "once" &&
      (link.level === 0 ||
        contradicts(openLinked(sealer, link), contact) ||
        (link.patientId === word.patientId && !(link.level > word.level && link.role === word.role))),
  );
  const ended = await endLinks(
    db,
    replaced.map((link) => link.id),
    now,
  );
  const id = randomUUID();
  const validFrom = contact.phone === undefined ? null : ((await numberLeftAt(db, keys.contactBi)) ?? null);
  const sealed = sealLinked(sealer, id, contact);
  await insertLink(db, { ...word, ...keys, id, verifiedAt: now, validFrom, seenAt: now, sealed });
  return { id, ended };
}
