import { randomUUID } from "node:crypto";
import type { DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Queryable } from "#src/store/queryable.ts";
import * as sql from "#src/store/sql/directory.ts";
import { applyCases, type CaseChange } from "./apply-cases.ts";
import type { ApplyDeps } from "./deps.ts";
import { newer, rootsOfMerges } from "./fact.ts";
import { identifierKey, matching, patientPlace } from "./keys.ts";
import { isShared, keysAmong, personOf, type PlacedRecord } from "./person.ts";
import { phoneKey } from "./phone.ts";
import { EMPTY_RECORD, recordAfter, withoutIdentifier, type PatientRecord } from "./record.ts";

/** What an update meant for everything that refers to the directory. Ids are roots'. */
export interface Effects {
  /** Keyed hashes of the numbers that got or lost a patient. */
  readonly phones: readonly Buffer[];
  /** Persons that are another's now, or nobody's (deleted). */
  readonly patients: ReadonlyMap<string, string | null>;
  readonly cases: readonly CaseChange[];
  readonly changed: boolean;
}

/** The records an update may touch, while it is applied. */
interface Workspace {
  readonly rows: readonly sql.IdentifierRow[];
  readonly before: ReadonlyMap<string, PlacedRecord>;
  readonly records: Map<string, PatientRecord>;
  /** Identifiers that go to a record. */
  readonly puts: { readonly id: string; readonly identifiers: readonly Identifier[] }[];
}

/**
 * Applies one update; the caller holds the directory's lock. Repeating it changes nothing.
 * @throws BotenstoffError PATIENTS_CONFLICT when its identifiers belong to different persons
 */
export async function applyUpdate(
  deps: ApplyDeps,
  db: Queryable,
  update: DirectoryUpdate,
  now: Date,
): Promise<Effects & { readonly patient: string }> {
  const work = await open(deps, db, update);
  const target = targetOf(deps, work, keysAmong(update.patient.identifiers)) ?? randomUUID();
  work.records.set(target, recordAfter(work.records.get(target) ?? EMPTY_RECORD, update));
  putUnowned(deps, work, target, keysAmong(update.patient.identifiers));
  retireAll(deps, work, target, keysAmong(update.retired ?? []), update.stamp, "person");
  retireAll(deps, work, target, keysAmong(update.moved ?? []), update.stamp, "identifier");
  const { placed, phones, patients, changed } = await close(deps, db, work, now);
  const cases = await applyCases(deps, db, update, target, now);
  const owners = cases.flatMap(({ from, to }) => [from, to]);
  const touched = changed || cases.length > 0 ? [...placed.map(({ root }) => root), ...owners] : [];
  if (touched.length > 0) await sql.newVersions(db, [...new Set(touched)]);
  const root = placed.find(({ id }) => id === target)?.root ?? target;
  return { patient: root, phones, patients, cases, changed: changed || cases.length > 0 };
}

async function open({ sealer, blindIndex }: ApplyDeps, db: Queryable, update: DirectoryUpdate): Promise<Workspace> {
  const { patient, retired = [], moved = [] } = update;
  const identifiers = [patient.identifiers, retired, moved].flatMap((one) => keysAmong(one));
  const rows = await sql.findIdentifiers(
    db,
    identifiers.map((identifier) => identifierKey(blindIndex, identifier)),
  );
  const stored = await sql.recordsOfRoots(db, [...new Set(rows.map(({ rootId }) => rootId))]);
  const before = stored.map((row): [string, PlacedRecord] => {
    const record = sealer.openJson(patientPlace(row.id), row.sealed) as PatientRecord;
    return [row.id, { id: row.id, root: row.rootId, record }];
  });
  return {
    rows,
    before: new Map(before),
    records: new Map(before.map(([id, { record }]) => [id, record])),
    puts: [],
  };
}

/** The rows that each of one person's numbers means; none for one that somebody else has as well. */
function meaningOf({ blindIndex }: ApplyDeps, { rows, before }: Workspace, named: readonly Identifier[]) {
  const placed = [...before.values()];
  const known = (rootId: string) =>
    placed.filter(({ root }) => root === rootId).flatMap(({ record }) => record.identifiers.map(({ value }) => value));
  return named.map((identifier) => {
    const found = matching(rows, identifierKey(blindIndex, identifier));
    const others = found.filter(({ rootId }) => isShared(identifier, named, known(rootId)));
    return { identifier, found: found.filter((row) => !others.includes(row)), shared: others.length > 0 };
  });
}

/** The one record the identifiers mean, the root itself where several of one person do; undefined for a new person. */
function targetOf(deps: ApplyDeps, work: Workspace, identifiers: readonly Identifier[]): string | undefined {
  const found = meaningOf(deps, work, identifiers).flatMap((one) => one.found);
  if (new Set(found.map(({ rootId }) => rootId)).size > 1) {
    throw new BotenstoffError(
      "PATIENTS_CONFLICT",
      "applying to the directory: the identifiers belong to different patients",
    );
  }
  const root = found.find(({ patientId, rootId }) => patientId === rootId);
  return (root ?? found[0])?.patientId;
}

/** Gives the target the identifiers that no record has yet, and the exact form of one that it has in a looser form. */
function putUnowned({ blindIndex }: ApplyDeps, work: Workspace, target: string, named: readonly Identifier[]): void {
  const unowned = named.filter((identifier) => {
    const key = identifierKey(blindIndex, identifier);
    const [owner] = matching(work.rows, key);
    return !owner || (owner.patientId === target && !owner.bi.equals(key.bi));
  });
  work.puts.push({ id: target, identifiers: unowned });
}

type Found = readonly sql.IdentifierRow[];

/** Retires the numbers of one person; what somebody else has as well stays theirs. */
function retireAll(
  deps: ApplyDeps,
  work: Workspace,
  target: string,
  retired: readonly Identifier[],
  stamp: string,
  what: "person" | "identifier",
): void {
  for (const { identifier, found, shared } of meaningOf(deps, work, retired)) {
    if (!shared) retire(work, target, { identifier, found }, stamp, what);
  }
}

/** Lets a retired identifier mean the target: the person it meant goes into it, an unknown one is remembered. */
function retire(
  work: Workspace,
  target: string,
  { identifier: retired, found }: { readonly identifier: Identifier; readonly found: Found },
  stamp: string,
  what: "person" | "identifier",
): void {
  if (new Set(found.map(({ rootId }) => rootId)).size > 1) {
    throw new BotenstoffError("PATIENTS_CONFLICT", "merging patients: the retired identifier is several patients'");
  }
  const owner = found[0]?.patientId;
  const known = owner === undefined ? undefined : work.records.get(owner);
  const alone = what === "person" || (known?.identifiers.length ?? 0) <= 1;
  if (owner !== undefined && known && owner !== target && alone) {
    work.records.set(owner, { ...known, merged: newer(known.merged, { value: target, stamp }) });
    return;
  }
  // Unknown, or one identifier out of a record that stays: it gets a record of its own, which is merged at once.
  if (owner !== undefined && known) work.records.set(owner, withoutIdentifier(known, retired));
  const stub = randomUUID();
  const identifiers = [{ value: retired, stamp }];
  work.records.set(stub, { ...EMPTY_RECORD, identifiers, merged: { value: target, stamp } });
  work.puts.push({ id: stub, identifiers: [retired] });
}

/** Finds the persons anew, writes what changed, and tells what that means. */
async function close(deps: ApplyDeps, db: Queryable, work: Workspace, now: Date) {
  const nodes = [...work.records].map(([id, { merged }]) => ({ id, ...(merged && { into: merged }) }));
  const roots = rootsOfMerges(nodes);
  const placed = [...work.records].map(([id, record]): PlacedRecord => ({ id, record, root: roots.get(id) ?? id }));
  const differs = placed.filter(({ id, root, record }) => {
    const was = work.before.get(id);
    return was?.root !== root || JSON.stringify(was.record) !== JSON.stringify(record);
  });
  const seal = ({ id, root, record }: PlacedRecord): sql.PatientRow => ({
    id,
    rootId: root,
    sealed: deps.sealer.sealJson(patientPlace(id), record),
  });
  await sql.writePatients(db, differs.map(seal), now);
  for (const { id, identifiers } of work.puts) {
    await sql.putIdentifiers(
      db,
      id,
      identifiers.map((identifier) => identifierKey(deps.blindIndex, identifier)),
    );
  }
  const phones = differs.length === 0 ? [] : await linkPhones(deps, db, placed, now);
  return { placed, phones, patients: follow(work.before, placed), changed: differs.length > 0 };
}

async function linkPhones(
  { blindIndex }: ApplyDeps,
  db: Queryable,
  placed: readonly PlacedRecord[],
  now: Date,
): Promise<Buffer[]> {
  // A merge moves a number from record to record; nobody has entered it anew.
  const known = await sql.linkedSince(
    db,
    placed.map(({ id }) => id),
  );
  const changed: Buffer[] = [];
  for (const { id, root } of placed) {
    const numbers = id === root ? (personOf(id, placed)?.phones ?? []) : [];
    const links = numbers.map((phone) => {
      const bi = phoneKey(blindIndex, phone);
      return { bi, since: known.get(bi.toString("hex")) ?? now };
    });
    changed.push(...(await sql.replacePhones(db, id, links)));
  }
  return changed;
}

/** Which persons are another's now, or nobody's. */
function follow(before: Workspace["before"], placed: readonly PlacedRecord[]): Map<string, string | null> {
  const followed = new Map<string, string | null>();
  const stored = [...before.values()];
  for (const { id, root } of stored) {
    if (id !== root || !personOf(id, stored)) continue;
    const now = placed.find((one) => one.id === id)?.root ?? id;
    const person = personOf(now, placed);
    if (!person) followed.set(id, null);
    else if (now !== id) followed.set(id, now);
  }
  return followed;
}
