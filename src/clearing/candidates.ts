import { openLinked, contradicts, linkKeys } from "#src/identity/links.ts";
import { readPersons } from "#src/identity/directory-deps.ts";
import { phoneDigits } from "#src/message/comparable-phone.ts";
import type { Patient } from "#src/message/directory.ts";
import { linksOf } from "#src/store/sql/links.ts";
import { place } from "#src/store/sealed/message.ts";
import type { HeldMessage } from "#src/store/sql/clearing-held.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { authorOf } from "./author.ts";
import type { ClearingDeps } from "./deps.ts";

const MOST_CARDS = 5;

/** Why somebody may be the one who wrote. */
export type Hint = "carries_number" | "linked" | "was_linked" | "contact_card";

/** Somebody who may have written, told so that nobody learns who it is. */
export interface Candidate {
  /** Keyed hash: equal for the same patient, and nothing more. */
  readonly id: string;
  /** "E••• M•••" */
  readonly masked: string;
  readonly hints: readonly Hint[];
  readonly level: number;
}

export interface Suspects {
  /** By what the sender can be reached and found. */
  readonly shows: "number" | "user_id" | "nobody";
  readonly candidates: readonly Candidate[];
}

/** Who may have written what is held. */
export async function suspects(deps: ClearingDeps, channel: string, held: readonly HeldMessage[]): Promise<Suspects> {
  const contact = await authorOf(deps, channel, held);
  const keys = contact && linkKeys(deps.blindIndex, contact);
  if (!contact || !keys) return { shows: "nobody", candidates: [] };
  const carriers = contact.phone === undefined ? [] : (await deps.directory.carriers(contact.phone)).patients;
  const links = await linksOf(deps.store.reading, keys);
  const persons = await readPersons(deps, deps.store.reading, [...new Set(links.map(({ patientId }) => patientId))]);
  const found = new Map<string, { patient: Patient; hints: Set<Hint>; level: number }>();
  const add = (id: string, patient: Patient, hint: Hint, level: number) => {
    const known = found.get(id) ?? { patient, hints: new Set<Hint>(), level: 0 };
    found.set(id, { patient, hints: known.hints.add(hint), level: Math.max(known.level, level) });
  };
  for (const { id, patient } of carriers) add(id, patient, "carries_number", 1);
  // Whose number is on a card that was sent says who it may be, and no more: anybody can send anybody's.
  for (const phone of cardPhones(deps, held))
    for (const { id, patient } of (await deps.directory.carriers(phone)).patients) add(id, patient, "contact_card", 0);
  for (const link of links) {
    const patient = persons.get(link.patientId);
    const holds = link.level > 1 && !contradicts(openLinked(deps.sealer, link), contact);
    if (patient) add(link.patientId, patient, holds ? "linked" : "was_linked", holds ? link.level : 0);
  }
  const candidates = Array.from(found, ([id, { patient, hints, level }]) => ({
    id: deps.blindIndex.of("patient", id).toString("hex"),
    masked: masked(patient),
    hints: [...hints],
    level,
  }));
  return { shows: contact.phone === undefined ? "user_id" : "number", candidates };
}

/** The numbers on contact cards among what is held, the first few. */
function cardPhones(deps: ClearingDeps, held: readonly HeldMessage[]): string[] {
  const cards = held.filter(({ kind }) => kind === "contacts").slice(-MOST_CARDS);
  const phones = cards.flatMap(({ epoch, id, sealed }) => {
    const { content } = openAt(deps.sealer, place.message(epoch, id, "sealed"), sealed);
    return content.kind === "contacts" ? content.cards.flatMap((card) => card.phones) : [];
  });
  return [...new Set(phones.flatMap((one) => phoneDigits(typeof one === "string" ? one : one.value) ?? []))].slice(
    0,
    MOST_CARDS,
  );
}

export function masked({ givenName = "", familyName = "" }: Pick<Patient, "givenName" | "familyName">): string {
  const initial = (name: string) => `${String.fromCodePoint(...(name === "" ? [] : [name.codePointAt(0) ?? 0]))}•••`;
  return `${initial(givenName)} ${initial(familyName)}`;
}
