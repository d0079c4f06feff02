import { isSamePhone, phoneBucket } from "#src/message/comparable-phone.ts";
import type { DirectoryChange, DirectoryUpdate, Encounter, Patient, Subject } from "#src/message/directory.ts";
import type { AppliedChange } from "#src/destinations/destination.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import { currentCases } from "#src/store/sql/cases.ts";
import { lock } from "#src/store/locks.ts";
import * as sql from "#src/store/sql/directory.ts";
import { applyUpdate } from "./apply.ts";
import { findCase } from "./apply-cases.ts";
import type { CaseRecord } from "./case.ts";
import { readPersons, readRecords, type DirectoryDeps } from "./directory-deps.ts";
import { casePlace } from "./keys.ts";
import { askOnce } from "./ask.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import { phoneKey } from "./phone.ts";

export interface DirectoryPatient {
  readonly id: string;
  /** Grows with every change of what is known of the patient: identifiers, numbers, cases. */
  readonly version: number;
  readonly patient: Patient;
}

/** The engine's own index of patients, cases and phone numbers. */
export interface Directory {
  /**
   * Applies what an ADT says, all of it in one transaction; repeating it changes nothing, an older one never undoes
   * what a newer one said. Resolves after the commit. @throws BotenstoffError PATIENTS_CONFLICT
   */
  apply(change: DirectoryChange): Promise<AppliedChange>;
  /** Every patient who carries the number (E.164 digits). */
  byPhone(phone: string): Promise<DirectoryPatient[]>;
  /** The patient's only open case, or the only planned one when none is open; none when there are several. */
  onlyOpenEncounter(patientId: string): Promise<Encounter | undefined>;
  /** Asks the KIS who carries the number, unless it was asked lately. @throws BotenstoffError when there is no answer */
  refresh(phone: string, lookup: PatientLookup, signal: AbortSignal): Promise<void>;
  /** What is to be said of a patient today to whom a message was routed; undefined when there is none any more. */
  subjectNow(db: Queryable, patientId: string, routed: Subject): Promise<Subject | undefined>;
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const { store, blindIndex } = deps;
  return {
    apply: async (change) => {
      if (change.type === "ignore") return { outcome: "ignored", evidence: { ignored: change.reason } };
      return store.transaction((db) => apply(deps, db, change.updates));
    },
    byPhone: async (phone) => {
      const found = await sql.patientsByPhone(store, phoneKey(blindIndex, phone));
      const persons = await readPersons(
        deps,
        store,
        found.map(({ id }) => id),
      );
      return found.flatMap(({ id, version }) => {
        const patient = persons.get(id);
        return patient && !carriesAnother(patient, phone) ? [{ id, version, patient }] : [];
      });
    },
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
