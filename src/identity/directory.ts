import { isSamePhone, phoneBucket } from "#src/message/comparable-phone.ts";
import type { Contact } from "#src/message/contact.ts";
import type { DirectoryChange, DirectoryUpdate, Encounter, Patient, Subject } from "#src/message/directory.ts";
import type { AppliedChange } from "#src/destinations/destination.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import { currentCases } from "#src/store/sql/cases.ts";
import { lock } from "#src/store/locks.ts";
import * as sql from "#src/store/sql/directory.ts";
import * as sqlLinks from "#src/store/sql/links.ts";
import type { ContactKeys, LinkRow } from "#src/store/sql/links.ts";
import { applyUpdate } from "./apply.ts";
import { findCase } from "./apply-cases.ts";
import type { CaseRecord } from "./case.ts";
import { readPersons, readRecords, type DirectoryDeps } from "./directory-deps.ts";
import { casePlace } from "./keys.ts";
import { askOnce } from "./ask.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import type { DirectoryPatient, LiveLink } from "./found.ts";
import { contradicts, isAnothers, linkKeys, openLinked } from "./links.ts";
import { phoneKey } from "./phone.ts";

/** A patient found by a number. `version` grows with every change of what is known of one: identifiers, numbers, cases. */
interface CarryingPatient extends DirectoryPatient {
  readonly version: number;
}

/** The engine's own index of patients, cases and phone numbers. */
export interface Directory {
  /**
   * Applies what an ADT says, all of it in one transaction; repeating it changes nothing, an older one never undoes
   * what a newer one said. Resolves after the commit. @throws BotenstoffError PATIENTS_CONFLICT
   */
  apply(change: DirectoryChange): Promise<AppliedChange>;
  /** Every patient who carries the number (E.164 digits). */
  byPhone(phone: string): Promise<CarryingPatient[]>;
  /** The same, and what to compare at a commit. */
  carriers(phone: string): Promise<Seen & { readonly patients: CarryingPatient[] }>;
  /** By which keyed hashes a contact's links are found; undefined for one without any id. */
  keysOf(contact: Contact): ContactKeys | undefined;
  /** The links of a contact that stand for more than single messages. */
  links(contact: Contact, keys: ContactKeys): Promise<Seen & { readonly live: LiveLink[] }>;
  /** One link, live or ended; without a patient where that was deleted. */
  link(id: string): Promise<(Seen & { readonly row: LinkRow; readonly patient?: DirectoryPatient }) | undefined>;
  now(): number;
  /** The patient's only open case, or the only planned one when none is open; none when there are several. */
  onlyOpenEncounter(patientId: string): Promise<Encounter | undefined>;
  /** Asks the KIS who carries the number, unless it was asked lately. @throws BotenstoffError when there is no answer */
  refresh(phone: string, lookup: PatientLookup, signal: AbortSignal): Promise<void>;
  /** What is to be said of a patient today to whom a message was routed; undefined when there is none any more. */
  subjectNow(db: Queryable, patientId: string, routed: Subject): Promise<Subject | undefined>;
}

/** What was seen and what was known of it then. */
interface Seen {
  readonly seen: readonly string[];
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const { store, blindIndex } = deps;
  return {
    apply: async (change) => {
      if (change.type === "ignore") return { outcome: "ignored", evidence: { ignored: change.reason } };
      return store.transaction((db) => apply(deps, db, change.updates));
    },
    byPhone: async (phone) => (await carriers(deps, phone)).patients,
    carriers: (phone) => carriers(deps, phone),
    keysOf: (contact) => linkKeys(blindIndex, contact),
    links: (contact, keys) => linksOf(deps, contact, keys),
    link: (id) => oneLink(deps, id),
    now: deps.clock,
    onlyOpenEncounter: (patientId) => onlyOpenEncounter(deps, store, patientId),
    refresh: (phone, lookup, signal) => askOnce(deps, lookup, phone, signal),
    subjectNow: async (db, patientId, { level, encounter }) => {
      const patient = (await readPersons(deps, db, [patientId])).get(patientId);
      if (!patient) return undefined;
      const current =
        (encounter && (await sameCase(deps, db, patientId, encounter))) ??
        (await onlyOpenEncounter(deps, db, patientId));
      return { patient, level, ...(current && { encounter: current }) };
    },
  };
}

async function carriers(deps: DirectoryDeps, phone: string) {
  const found = await sql.patientsByPhone(deps.store, phoneKey(deps.blindIndex, phone));
  const ids = found.map(({ id }) => id);
  const persons = await readPersons(deps, deps.store, ids);
  const patients = found.flatMap(({ id, version, toldAt }) => {
    const patient = persons.get(id);
    return patient && !carriesAnother(patient, phone) ? [{ id, version, toldAt, patient }] : [];
  });
  return { seen: found.map(({ id, version }) => `${id}@${version}`), patients };
}

async function linksOf(deps: DirectoryDeps, contact: Contact, keys: ContactKeys) {
  const rows = await sqlLinks.linksOf(deps.store, keys);
  const seen = rows.map(({ token }) => token);
  const ids = [...new Set(rows.map(({ patientId }) => patientId))];
  const persons = ids.length === 0 ? new Map<string, Patient>() : await readPersons(deps, deps.store, ids);
  const live = rows.flatMap((row): LiveLink[] => {
    const patient = persons.get(row.patientId);
    const linked = openLinked(deps.sealer, row);
    if (!patient || row.scope === "once" || !row.caseOpen || isAnothers(linked, contact)) return [];
    const found = { id: row.patientId, patient, toldAt: row.verifiedAt };
    return [{ row, patient: found, contradicted: contradicts(linked, contact) }];
  });
  return { seen, live };
}

async function oneLink(deps: DirectoryDeps, id: string) {
  const row = await sqlLinks.findLink(deps.store, id);
  if (!row) return undefined;
  const [seen = []] = await sqlLinks.seenOf(deps.store, [row]);
  const patient = (await readPersons(deps, deps.store, [row.patientId])).get(row.patientId);
  return { row, seen, ...(patient && { patient: { id: row.patientId, patient, toldAt: row.verifiedAt } }) };
}

/** Found by a hash that other numbers share, and of those it is one of the others. */
function carriesAnother({ phones }: Patient, phone: string): boolean {
  const found = phones.filter((one) => phoneBucket(one) === phoneBucket(phone));
  return found.length > 0 && !found.some((one) => isSamePhone(one, phone));
}

async function apply(
  deps: DirectoryDeps,
  db: Transaction,
  updates: readonly DirectoryUpdate[],
): Promise<AppliedChange> {
  const now = new Date(deps.clock());
  await lock(db, "directory");
  const patients = new Set<string>();
  let changed = false;
  for (const update of updates) {
    const effects = await applyUpdate(deps, db, update, now);
    await deps.onChanged(db, effects, update);
    patients.add(effects.patient);
    changed ||= effects.changed;
  }
  return { outcome: changed ? "changed" : "unchanged", evidence: { patients: [...patients] } };
}

async function onlyOpenEncounter(deps: DirectoryDeps, db: Queryable, patientId: string) {
  const [only, ...more] = await currentCases(db, patientId);
  if (!only || more.length > 0) return undefined;
  const { patientId: owner } = only;
  if (owner !== patientId && (await readRecords(deps, db, [patientId])).isSomebodyElse(owner, patientId))
    return undefined;
  const { number } = deps.sealer.openJson(casePlace(only.bi), only.sealed) as CaseRecord;
  return (await findCase(deps, db, number))?.encounter;
}

/** The case a message was routed to, under the number it has now, if it is this patient's still and was not cancelled. */
async function sameCase(deps: DirectoryDeps, db: Queryable, patientId: string, { number }: Encounter) {
  const found = await findCase(deps, db, number);
  if (!found || found.state === "cancelled" || found.state === "deleted") return undefined;
  const owner = (await sql.rootsOf(db, [found.owner])).get(found.owner);
  return owner === patientId ? found.encounter : undefined;
}
