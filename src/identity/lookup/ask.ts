import type { DirectoryUpdate } from "#src/message/directory.ts";
import type { Transaction } from "#src/store/queryable.ts";
import * as sql from "#src/store/sql/directory.ts";
import { applyUpdate } from "../apply.ts";
import { readPersons, type DirectoryDeps } from "../directory-deps.ts";
import { phoneKey } from "../phone.ts";
import type { FoundPatient, PatientLookup } from "./lookup.ts";

/** The field under which the directory keeps what was looked up, beside what an ADT feed says of PID-13. */
const FIELD = "lookup";

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
  await sql.lockDirectory(db);
  const before = await sql.patientsByPhone(db, key);
  const carriers = new Set<string>();
  for (const { phones, ...patient } of found) {
    const update = { stamp, patient: { ...patient, phones: { [FIELD]: phones } }, existence: "exists" } as const;
    carriers.add(await apply(deps, db, update, at));
  }
  const former = before.map(({ id }) => id).filter((id) => !carriers.has(id));
  for (const { identifiers, phones } of (await readPersons(deps, db, former)).values()) {
    const left = phones.filter((one) => !phoneKey(deps.blindIndex, one).equals(key));
    await apply(deps, db, { stamp, patient: { identifiers, phones: { [FIELD]: left } } }, at);
  }
  await sql.writeLookup(db, key, at);
}

async function apply(deps: DirectoryDeps, db: Transaction, update: DirectoryUpdate, now: Date): Promise<string> {
  const effects = await applyUpdate(deps, db, update, now);
  await deps.onChanged(db, effects, update);
  return effects.patient;
}
