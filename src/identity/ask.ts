import type { DirectoryUpdate, PatientUpdate } from "#src/message/directory.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { lock } from "#src/store/locks.ts";
import * as sql from "#src/store/sql/directory.ts";
import { applyUpdate } from "./apply.ts";
import { readRecords, type DirectoryDeps } from "./directory-deps.ts";
import { phoneKey } from "./phone.ts";
import type { PatientRecord } from "./record.ts";
import type { FoundPatient, PatientLookup } from "#src/lookups/lookup.ts";

/** The field under which the directory keeps what was looked up, beside what an ADT feed says of PID-13. */
const FIELD = "lookup";
/** The answer takes a number away from whoever is not in it, however many they are. */
const EVERYBODY = 1_000_000;

/**
 * Makes sure that the directory knows who carries a number, asking the KIS when it was not asked lately.
 * @throws BotenstoffError when there is no answer: what was known before may be out of date, so nobody is identified
 */
export async function askOnce(
  deps: DirectoryDeps,
  lookup: PatientLookup,
  phone: string,
  signal: AbortSignal,
): Promise<void> {
  const key = phoneKey(deps.blindIndex, phone);
  const asked = deps.clock();
  const last = await sql.lookedUpAt(deps.store, key);
  if (last && last.getTime() + lookup.freshForMs > asked) return;
  const found = await lookup.find(phone, signal);
  await deps.store.transaction((db) => learn(deps, db, phone, found, new Date(asked)));
}

/** Takes an answer over: it is the whole truth about the number, so whoever is not in it does not carry it any more. */
async function learn(
  deps: DirectoryDeps,
  db: Transaction,
  phone: string,
  found: readonly FoundPatient[],
  at: Date,
): Promise<void> {
  const stamp = `${at.toISOString()}|${at.toISOString()}|lookup`;
  const key = phoneKey(deps.blindIndex, phone);
  await lock(db, "directory");
  const before = await sql.patientsByPhone(db, key, EVERYBODY);
  const carriers = new Set<string>();
  for (const { phones, cases = [], ...patient } of found) {
    const update = { stamp, patient: { ...patient, phones: { [FIELD]: phones } }, existence: "exists" } as const;
    carriers.add(await apply(deps, db, update, at));
    const { identifiers } = patient;
    for (const one of cases) await apply(deps, db, { stamp, patient: { identifiers }, case: one }, at);
  }
  const former = before.map(({ id }) => id).filter((id) => !carriers.has(id));
  const records = await readRecords(deps, db, former);
  for (const id of former) {
    const [person, own] = [records.person(id), records.get(id)?.record];
    if (!person || !own) continue;
    const phones = phonesWithout(own, person.phones, (one) => phoneKey(deps.blindIndex, one).equals(key));
    await apply(deps, db, { stamp, patient: { identifiers: person.identifiers, phones } }, at);
  }
  await sql.writeLookup(db, key, at);
}

/** The fields that carry a number without it, an ADT's too; what only merged records knew is kept beside them. */
function phonesWithout(
  own: PatientRecord,
  all: readonly string[],
  isIt: (phone: string) => boolean,
): NonNullable<PatientUpdate["phones"]> {
  const left = (phones: readonly string[]) => phones.filter((one) => !isIt(one));
  const fields = Object.entries(own.phones).map(([field, { value }]) => [field, value] as const);
  const told = new Set(fields.filter(([field]) => field !== FIELD).flatMap(([, phones]) => phones));
  const without: Record<string, readonly string[]> = { [FIELD]: left(all).filter((one) => !told.has(one)) };
  for (const [field, phones] of fields) if (field !== FIELD && phones.some(isIt)) without[field] = left(phones);
  return without;
}

async function apply(deps: DirectoryDeps, db: Transaction, update: DirectoryUpdate, now: Date): Promise<string> {
  const effects = await applyUpdate(deps, db, update, now);
  await deps.onChanged(db, effects, update);
  return effects.patient;
}
