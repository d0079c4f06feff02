import { randomUUID } from "node:crypto";
import type { DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Queryable } from "#src/store/queryable.ts";
import * as sql from "#src/store/sql/directory.ts";
import { openAt, sealAt } from "#src/store/sealed/place.ts";
import { applyCases, type CaseChange } from "./apply-cases.ts";
import type { ApplyDeps } from "./deps.ts";
import { newer, rootsOfMerges } from "./fact.ts";
import { identifierKey, IdentifierRows, patientPlace } from "./keys.ts";
import { checkSize } from "./limits.ts";
import { keysAmong, Persons, sharedBy, type PlacedRecord } from "./person.ts";
import { phoneKey } from "./phone.ts";
import { EMPTY_RECORD, nameOf, recordAfter, type PatientRecord } from "./record.ts";

/** What an update meant for everything that refers to the directory. Ids are roots'. */
export interface Effects {
  /** Whom the update was about. */
  readonly patient: string;
  /** Keyed hashes of the numbers that got or lost a patient. */
  readonly phones: readonly Buffer[];
  /** How many numbers were taken from their patients, and given to others than those they are known as. */
  readonly numbers: { readonly lost: number; readonly moved: number };
  /** Persons that are another's now, or nobody's. */
  readonly patients: ReadonlyMap<string, string | null>;
  /** Records of persons that another record was taken out of: whatever was said of them may have meant that one. */
  readonly parted: readonly string[];
  readonly cases: readonly CaseChange[];
  readonly changed: boolean;
}

/** An identifier an update names, once, with its keys. */
interface Named {
  readonly identifier: Identifier;
  readonly key: sql.IdentifierKey;
}

/** The records an update may touch, while it is applied. */
interface Workspace {
  readonly rows: IdentifierRows;
  readonly before: Persons;
  readonly records: Map<string, PatientRecord>;
  /** Names of the identifiers that are left of a record that gave some away. */
  readonly left: Map<string, Set<string>>;
  /** Identifiers that go to a record. */
  readonly puts: (sql.IdentifierKey & { readonly patientId: string })[];
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
): Promise<Effects> {
  const { blindIndex } = deps;
  const [own, retired, moved] = [update.patient.identifiers, update.retired ?? [], update.moved ?? []].map((one) =>
    named(blindIndex, keysAmong(one)),
  ) as [Named[], Named[], Named[]];
  const work = await open(deps, db, [...own, ...retired, ...moved]);
  const target = targetOf(work, own) ?? randomUUID();
  work.records.set(target, recordAfter(work.records.get(target) ?? EMPTY_RECORD, update));
  putUnowned(work, target, own);
  retireAll(work, target, retired, update.stamp, "person");
  retireAll(work, target, moved, update.stamp, "identifier");
  const { placed, numbers, patients, parted, changed } = await close(deps, db, work, now);
  const cases = await applyCases(deps, db, update, target, now);
  const owners = cases.flatMap(({ from, to }) => [from, to]);
  const touched = changed || cases.length > 0 ? [...placed.map(({ root }) => root), ...owners] : [];
  if (touched.length > 0) await sql.newVersions(db, [...new Set(touched)]);
  const root = placed.find(({ id }) => id === target)?.root ?? target;
  const { touched: phones, lost, moved: strayed } = numbers;
  return {
    patient: root,
    phones,
    numbers: { lost, moved: strayed },
    patients,
    parted,
    cases,
    changed: changed || cases.length > 0,
  };
}

function named(blindIndex: ApplyDeps["blindIndex"], identifiers: readonly Identifier[]): Named[] {
  const once = new Map(identifiers.map((identifier) => [nameOf(identifier), identifier]));
  return Array.from(once.values(), (identifier) => ({ identifier, key: identifierKey(blindIndex, identifier) }));
}

async function open({ sealer }: ApplyDeps, db: Queryable, all: readonly Named[]): Promise<Workspace> {
  const rows = await sql.findIdentifiers(
    db,
    all.map(({ key }) => key),
  );
  const stored = await sql.recordsOfRoots(db, [...new Set(rows.map(({ rootId }) => rootId))]);
  const before = stored.map(({ id, rootId, sealed }): PlacedRecord => {
    return { id, root: rootId, record: openAt(sealer, patientPlace(id), sealed) };
  });
  return {
    rows: new IdentifierRows(rows),
    before: new Persons(before),
    records: new Map(before.map(({ id, record }) => [id, record])),
    left: new Map(),
    puts: [],
  };
}

/** The rows that each of one person's numbers means; none for one that somebody else has as well. */
function meaningOf({ rows, before }: Workspace, numbers: readonly Named[]) {
  const identifiers = numbers.map(({ identifier }) => identifier);
  const shares = new Map<string, ReturnType<typeof sharedBy>>();
  const isShared = (identifier: Identifier, root: string): boolean => {
    const known = () => before.of(root).flatMap(({ record }) => record.identifiers.map(({ value }) => value));
    const shared = shares.get(root) ?? sharedBy(identifiers, known());
    shares.set(root, shared);
    return shared(identifier);
  };
  return numbers.map(({ identifier, key }) => {
    const all = rows.matching(key);
    const found = all.filter(({ rootId }) => !isShared(identifier, rootId));
    return { identifier, key, found, shared: found.length < all.length };
  });
}

/** The one record the identifiers mean, the root itself where several of one person do; undefined for a new person. */
function targetOf(work: Workspace, identifiers: readonly Named[]): string | undefined {
  const found = meaningOf(work, identifiers).flatMap((one) => one.found);
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
function putUnowned(work: Workspace, target: string, numbers: readonly Named[]): void {
  for (const { key } of numbers) {
    const [owner] = work.rows.matching(key);
    const unowned = !owner || (owner.patientId === target && !owner.bi.equals(key.bi));
    if (unowned) work.puts.push({ ...key, patientId: target });
  }
}

type Meant = ReturnType<typeof meaningOf>[number];

/** Retires the numbers of one person; what somebody else has as well stays theirs. */
function retireAll(
  work: Workspace,
  target: string,
  retired: readonly Named[],
  stamp: string,
  what: "person" | "identifier",
): void {
  for (const meant of meaningOf(work, retired)) {
    if (!meant.shared) retire(work, target, meant, stamp, what);
  }
  for (const [id, left] of work.left) {
    const record = work.records.get(id);
    if (!record) continue;
    work.records.set(id, { ...record, identifiers: record.identifiers.filter(({ value }) => left.has(nameOf(value))) });
  }
  work.left.clear();
}

/** Lets a retired identifier mean the target: the person it meant goes into it, an unknown one is remembered. */
function retire(
  work: Workspace,
  target: string,
  { identifier: retired, key, found }: Meant,
  stamp: string,
  what: "person" | "identifier",
): void {
  if (new Set(found.map(({ rootId }) => rootId)).size > 1) {
    throw new BotenstoffError("PATIENTS_CONFLICT", "merging patients: the retired identifier is several patients'");
  }
  const owner = found[0]?.patientId;
  const known = owner === undefined ? undefined : work.records.get(owner);
  const left = owner === undefined || !known ? undefined : leftOf(work, owner, known);
  const alone = what === "person" || (left?.size ?? 0) <= 1;
  if (owner !== undefined && known && owner !== target && alone) {
    work.records.set(owner, { ...known, merged: newer(known.merged, { value: target, stamp }) });
    return;
  }
  // Unknown, or one identifier out of a record that stays: it gets a record of its own, which is merged at once.
  left?.delete(nameOf(retired));
  const stub = randomUUID();
  const identifiers = [{ value: retired, stamp }];
  work.records.set(stub, { ...EMPTY_RECORD, identifiers, merged: { value: target, stamp } });
  work.puts.push({ ...key, patientId: stub });
}

/** The names of a record's identifiers that it has not given away in this update. */
function leftOf({ left }: Workspace, id: string, { identifiers }: PatientRecord): Set<string> {
  const names = left.get(id) ?? new Set(identifiers.map(({ value }) => nameOf(value)));
  left.set(id, names);
  return names;
}

/** Finds the persons anew, writes what changed, and tells what that means. */
async function close(deps: ApplyDeps, db: Queryable, work: Workspace, now: Date) {
  const nodes = [...work.records].map(([id, { merged }]) => ({ id, ...(merged && { into: merged }) }));
  const roots = rootsOfMerges(nodes);
  const placed = [...work.records].map(([id, record]): PlacedRecord => ({ id, record, root: roots.get(id) ?? id }));
  const after = new Persons(placed);
  const differs = placed.filter(({ id, root, record }) => {
    const was = work.before.get(id);
    return was?.root !== root || JSON.stringify(was.record) !== JSON.stringify(record);
  });
  for (const root of new Set(differs.map((one) => one.root))) checkSize(after.of(root));
  const seal = ({ id, root, record }: PlacedRecord): sql.PatientDraft => ({
    id,
    rootId: root,
    goneAt: id === root && !after.person(id) ? now : null,
    sealed: sealAt(deps.sealer, patientPlace(id), record),
  });
  await sql.writePatients(db, differs.map(seal), now);
  await sql.putIdentifiers(db, work.puts);
  const numbers = differs.length === 0 ? NO_NUMBERS : await linkPhones(deps, db, placed, after, now);
  const [patients, parted] = [follow(work, placed, after), partedFrom(work, after)];
  return { placed, numbers, patients, parted, changed: differs.length > 0 };
}

const NO_NUMBERS: sql.NumberChanges = { touched: [], lost: 0, moved: 0 };

async function linkPhones(
  { blindIndex }: ApplyDeps,
  db: Queryable,
  placed: readonly PlacedRecord[],
  after: Persons,
  now: Date,
): Promise<sql.NumberChanges> {
  const ids = placed.map(({ id }) => id);
  // A merge moves a number from record to record; nobody has entered it anew.
  const known = await sql.linkedSince(db, ids);
  const links = placed.flatMap(({ id, root }) => {
    const numbers = id === root ? (after.person(id)?.phones ?? []) : [];
    return numbers.map((phone) => {
      const bi = phoneKey(blindIndex, phone);
      return { patientId: id, bi, since: known.get(bi.toString("hex")) ?? now };
    });
  });
  return sql.replacePhones(db, ids, links);
}

/** Which persons are another's now, or nobody's: deleted, or merged into a number of which nobody says whose it is. */
function follow({ before }: Workspace, placed: readonly PlacedRecord[], after: Persons): Map<string, string | null> {
  const followed = new Map<string, string | null>();
  for (const { id } of placed) {
    if (before.get(id)?.root !== id || !before.person(id)) continue;
    const now = after.get(id)?.root ?? id;
    const person = after.person(now);
    if (!person || after.isSomebodyElse(id, now)) followed.set(id, null);
    else if (now !== id) followed.set(id, now);
  }
  return followed;
}

/** Whoever had a record that is another person's now: its merge was undone, or its number given to somebody new. */
function partedFrom({ before, records }: Workspace, after: Persons): string[] {
  const parted = [...records.keys()].flatMap((id) => {
    const root = before.get(id)?.root;
    if (root === undefined || root === id || before.isSomebodyElse(id, root)) return [];
    const together = after.get(id)?.root === after.get(root)?.root && !after.isSomebodyElse(id, root);
    return together ? [] : before.of(root).flatMap((one) => (one.id === id ? [] : [one.id]));
  });
  return [...new Set(parted)];
}
