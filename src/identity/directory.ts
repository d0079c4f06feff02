import { OPEN_OR_PLANNED, type CaseChoice, type CaseRule } from "#src/message/case-rule.ts";
import { isSamePhone, phoneBucket } from "#src/message/comparable-phone.ts";
import type { Contact } from "#src/message/contact.ts";
import type { DirectoryChange, DirectoryUpdate, Encounter, Patient, Subject } from "#src/message/directory.ts";
import type { AppliedChange } from "#src/destinations/destination.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import { casesIn } from "#src/store/sql/cases.ts";
import { lock } from "#src/store/locks.ts";
import * as sql from "#src/store/sql/directory.ts";
import * as sqlLinks from "#src/store/sql/links.ts";
import type { ContactKeys, LinkRow } from "#src/store/sql/links.ts";
import { applyUpdate } from "./apply.ts";
import { findCase, viewCases } from "./apply-cases.ts";
import type { CaseView } from "./case.ts";
import { fittingCase } from "./case-rule.ts";
import { readPersons, readRecords, type DirectoryDeps } from "./directory-deps.ts";
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
   * what a newer one said. Resolves after the commit. @param onUpdate told which one comes next
   * @throws BotenstoffError PATIENTS_CONFLICT
   */
  apply(change: DirectoryChange, onUpdate?: (nth: number) => void): Promise<AppliedChange>;
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
  /** The cases of a patient that a channel's rule may choose among. */
  cases(patientId: string, rule: CaseRule): Promise<CaseView[]>;
  /** The patient's only open case, or the only planned one when none is open; none when there are several. */
  onlyOpenEncounter(patientId: string): Promise<Encounter | undefined>;
  /** Asks the KIS who carries the number, unless it was asked lately. @throws BotenstoffError when there is no answer */
  refresh(phone: string, lookup: PatientLookup, signal: AbortSignal): Promise<void>;
  /** What is to be said of a patient today to whom a message was routed; undefined when there is none any more. */
  subjectNow(db: Queryable, patientId: string, routed: Subject, choice?: CaseChoice): Promise<Subject | undefined>;
}

/** What was seen and what was known of it then. */
interface Seen {
  readonly seen: readonly string[];
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const { store, blindIndex } = deps;
  return {
    apply: async (change, onUpdate) => {
      if (change.type === "ignore") return { outcome: "ignored", evidence: { ignored: change.reason } };
      return store.transaction((db) => apply(deps, db, change.updates, onUpdate));
    },
    byPhone: async (phone) => (await carriers(deps, phone)).patients,
    carriers: (phone) => carriers(deps, phone),
    keysOf: (contact) => linkKeys(blindIndex, contact),
    links: (contact, keys) => linksOf(deps, contact, keys),
    link: (id) => oneLink(deps, id),
    now: deps.clock,
    cases: (patientId, rule) => casesOf(deps, store, patientId, rule),
    onlyOpenEncounter: async (patientId) =>
      fittingCase(await casesOf(deps, store, patientId, OPEN_OR_PLANNED), OPEN_OR_PLANNED, deps.clock()),
    refresh: (phone, lookup, signal) => askOnce(deps, lookup, phone, signal),
    subjectNow: async (db, patientId, { level, encounter, writer }, choice) => {
      const { rule, sentAt } = choice ?? { rule: OPEN_OR_PLANNED, sentAt: new Date(deps.clock()).toISOString() };
      const patient = (await readPersons(deps, db, [patientId])).get(patientId);
      if (!patient) return undefined;
      const current =
        (encounter && (await sameCase(deps, db, patientId, encounter))) ??
        fittingCase(await casesOf(deps, db, patientId, rule), rule, Date.parse(sentAt));
      return { patient, level, ...(writer && { writer }), ...(current && { encounter: current }) };
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
  onUpdate?: (nth: number) => void,
): Promise<AppliedChange> {
  const now = new Date(deps.clock());
  await lock(db, "directory");
  const patients = new Set<string>();
  let changed = false;
  let [lost, moved] = [0, 0];
  for (const [nth, update] of updates.entries()) {
    onUpdate?.(nth);
    const effects = await applyUpdate(deps, db, update, now);
    await deps.onChanged(db, effects, update);
    patients.add(effects.patient);
    changed ||= effects.changed;
    lost += effects.numbers.lost;
    moved += effects.numbers.moved;
  }
  return {
    outcome: changed ? "changed" : "unchanged",
    numbers: { lost, moved },
    evidence: { patients: [...patients] },
  };
}

/** A person's cases that a rule may choose among; not those of a number that is somebody else's by now. */
async function casesOf(
  deps: DirectoryDeps,
  db: Queryable,
  patientId: string,
  { states }: CaseRule,
): Promise<CaseView[]> {
  const rows = await casesIn(db, patientId, states);
  const strange = rows.some((row) => row.patientId !== patientId);
  const records = strange ? await readRecords(deps, db, [patientId]) : undefined;
  const own = rows.filter(({ patientId: owner }) => !records?.isSomebodyElse(owner, patientId));
  return viewCases(deps, db, own);
}

/** The case a message was routed to, under the number it has now, if it is this patient's still and was not cancelled. */
async function sameCase(deps: DirectoryDeps, db: Queryable, patientId: string, { number }: Encounter) {
  const found = await findCase(deps, db, number);
  if (!found || found.state === "cancelled" || found.state === "deleted") return undefined;
  const owner = (await sql.rootsOf(db, [found.owner])).get(found.owner);
  return owner === patientId ? found.encounter : undefined;
}
