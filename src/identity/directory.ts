import { randomUUID } from "node:crypto";
import type { Clock } from "#src/message/clock.ts";
import type { DirectoryChange, Encounter, Identifier, Patient } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Store } from "#src/store/data-source.ts";
import type { Queryable } from "#src/store/queryable.ts";
import * as sql from "#src/store/sql/directory.ts";
import { mergePatient } from "./merge-patient.ts";
import { phoneKey } from "./phone.ts";

export interface DirectoryPatient {
  readonly id: string;
  readonly patient: Patient;
}

/** The engine's own index of patients, cases and phone numbers. */
export interface Directory {
  /** Applies what an ADT says; repeating it changes nothing. Resolves after the commit. */
  apply(change: DirectoryChange): Promise<{ readonly evidence: unknown }>;
  /** Every patient who carries the number (E.164 digits). */
  byPhone(phone: string): Promise<DirectoryPatient[]>;
  /** The patient's only open case; none when there is no or more than one. */
  onlyOpenEncounter(patientId: string): Promise<Encounter | undefined>;
}

interface DirectoryDeps {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
  readonly clock: Clock;
  /** Told inside the transaction which numbers (keyed hashes) got or lost a patient. */
  onPhonesChanged(db: Queryable, phones: readonly Buffer[]): Promise<void>;
}

type Upsert = Extract<DirectoryChange, { type: "upsert" }>;

export function createDirectory(deps: DirectoryDeps): Directory {
  const { store, sealer, blindIndex } = deps;
  return {
    apply: async (change) => {
      if (change.type === "ignore") return { evidence: { ignored: change.reason } };
      return { evidence: { patient: await store.transaction((db) => upsert(deps, db, change)) } };
    },
    byPhone: async (phone) => {
      const rows = await sql.patientsByPhone(store, phoneKey(blindIndex, phone));
      return rows.map((row) => ({ id: row.id, patient: openPatient(sealer, row) }));
    },
    onlyOpenEncounter: async (patientId) => {
      const [only, ...more] = await sql.openEncounters(store, patientId);
      if (!only || more.length > 0) return undefined;
      return sealer.openJson(encounterPlace(only.bi), only.sealed) as Encounter;
    },
  };
}

/** @returns the id of the directory's patient */
async function upsert(deps: DirectoryDeps, db: Queryable, change: Upsert): Promise<string> {
  const { sealer, blindIndex } = deps;
  const now = new Date(deps.clock());
  await sql.lockDirectory(db);
  const keys = change.patient.identifiers.map((identifier) => identifierKey(blindIndex, "identifier", identifier));
  const [known, ...others] = await sql.patientsByIdentifiers(db, keys);
  if (others.length > 0) {
    throw new BotenstoffError(
      "PATIENTS_CONFLICT",
      "applying to the directory: the identifiers belong to different patients",
    );
  }
  const id = known?.id ?? randomUUID();
  const patient = mergePatient(known && openPatient(sealer, known), change.patient);
  await sql.upsertPatient(db, { id, sealed: sealer.sealJson(patientPlace(id), patient) }, now);
  await sql.addIdentifiers(db, id, keys);
  if (change.encounter) await upsertEncounter(deps, db, id, change.encounter, now);
  const phones = patient.phones.map((phone) => phoneKey(blindIndex, phone));
  const changed = await sql.replacePhones(db, id, phones, now);
  if (changed.length > 0) await deps.onPhonesChanged(db, changed);
  return id;
}

async function upsertEncounter(
  { sealer, blindIndex }: DirectoryDeps,
  db: Queryable,
  patientId: string,
  encounter: Encounter,
  now: Date,
): Promise<void> {
  const bi = identifierKey(blindIndex, "case", encounter.number);
  const sealed = sealer.sealJson(encounterPlace(bi), encounter);
  await sql.upsertEncounter(db, { bi, patientId, open: encounter.open, sealed }, now);
}

function identifierKey(blindIndex: BlindIndex, kind: "identifier" | "case", identifier: Identifier): Buffer {
  return blindIndex.of(kind, identifier.value, identifier.authority, identifier.type);
}

function openPatient(sealer: Sealer, row: sql.PatientRow): Patient {
  return sealer.openJson(patientPlace(row.id), row.sealed) as Patient;
}

function patientPlace(id: string) {
  return { epoch: DIRECTORY_EPOCH, table: "patient", row: id, column: "sealed" };
}

function encounterPlace(bi: Buffer) {
  return { epoch: DIRECTORY_EPOCH, table: "encounter", row: bi.toString("hex"), column: "sealed" };
}
