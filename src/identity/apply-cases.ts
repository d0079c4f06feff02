import type { CaseUpdate, DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import type { Queryable } from "#src/store/queryable.ts";
import * as sql from "#src/store/sql/cases.ts";
import { rootsOf } from "#src/store/sql/directory.ts";
import { openAt, sealAt } from "#src/store/sealed/place.ts";
import { caseAfter, viewsOf, type CaseRecord, type CaseView, type PlacedCase } from "./case.ts";
import type { ApplyDeps } from "./deps.ts";
import { newer, rootsOfMerges } from "./fact.ts";
import { caseKey, casePlace, valueKey } from "./keys.ts";
import { checkNumbers } from "./limits.ts";

/** A case of which something is known that was not. Ids are roots'. */
export interface CaseChange {
  readonly number: Identifier;
  readonly from: string;
  readonly to: string;
  /** Whether it is another patient's now, has another number, or never was: what was to be filed in it has no place. */
  readonly moved: boolean;
}

/** Applies what an update says about cases; `target` is the record of its patient, already written. */
export async function applyCases(
  deps: ApplyDeps,
  db: Queryable,
  update: DirectoryUpdate,
  target: string,
  now: Date,
): Promise<CaseChange[]> {
  const { stamp, cases: moves = [] } = update;
  const said: CaseUpdate[] = [...(update.case ? [update.case] : []), ...moves.map(({ to }) => ({ number: to }))];
  if (said.length === 0) return [];
  const key = (number: Identifier) => caseKey(deps.blindIndex, number).toString("hex");
  const numbers = [...said.map(({ number }) => number), ...moves.map(({ from }) => from)];
  const before = await read(deps, db, numbers);
  const records = new Map(before.map(({ id, record }) => [id, record]));
  for (const one of said) {
    records.set(key(one.number), caseAfter(records.get(key(one.number)), one, { stamp, owner: target }));
  }
  for (const { from, to } of moves) {
    if (key(from) === key(to)) continue;
    const former = caseAfter(records.get(key(from)), { number: from }, { stamp, owner: target });
    records.set(key(from), { ...former, renamed: newer(former.renamed, { value: key(to), stamp }) });
  }
  const after = place(records);
  const known = new Map(before.map((placed) => [placed.id, placed]));
  const differs = after.filter(
    ({ id, root, record }) =>
      known.get(id)?.root !== root || JSON.stringify(known.get(id)?.record) !== JSON.stringify(record),
  );
  if (differs.length === 0) return [];
  for (const numbersOfOne of Map.groupBy(after, ({ root }) => root).values()) checkNumbers(numbersOfOne.length);
  const views = viewsOf(after);
  await sql.writeCases(
    db,
    after.map((placed) => rowOf(deps, placed, views)),
    now,
  );
  return changes(db, before, after);
}

/** The case that has the number now, whatever numbers it had before. */
export async function findCase(deps: ApplyDeps, db: Queryable, number: Identifier): Promise<CaseView | undefined> {
  const placed = await read(deps, db, [number]);
  return placed[0] && viewsOf(placed).get(placed[0].root);
}

/** Each of these cases, whatever numbers it had before. */
export async function viewCases(deps: ApplyDeps, db: Queryable, cases: readonly sql.CaseRow[]): Promise<CaseView[]> {
  if (cases.length === 0) return [];
  const placed = openRows(
    deps,
    await sql.casesOf(
      db,
      cases.map(({ bi }) => bi),
    ),
  );
  return [...viewsOf(placed).values()];
}

async function read(deps: ApplyDeps, db: Queryable, numbers: readonly Identifier[]) {
  const rows = await sql.casesOf(
    db,
    numbers.map((number) => caseKey(deps.blindIndex, number)),
  );
  return openRows(deps, rows);
}

function openRows({ sealer }: ApplyDeps, rows: readonly sql.CaseRow[]): PlacedCase[] {
  return rows.map((row): PlacedCase => ({
    id: row.bi.toString("hex"),
    root: row.rootBi.toString("hex"),
    record: openAt(sealer, casePlace(row.bi), row.sealed),
  }));
}

function place(records: ReadonlyMap<string, CaseRecord>): PlacedCase[] {
  const roots = rootsOfMerges([...records].map(([id, { renamed }]) => ({ id, ...(renamed && { into: renamed }) })));
  return [...records].map(([id, record]) => ({ id, record, root: roots.get(id) ?? id }));
}

function rowOf(
  { sealer, blindIndex }: ApplyDeps,
  { id, root, record }: PlacedCase,
  views: ReadonlyMap<string, CaseView>,
): sql.CaseDraft {
  const bi = Buffer.from(id, "hex");
  return {
    bi,
    rootBi: Buffer.from(root, "hex"),
    patientId: record.owner.value,
    state: id === root ? (views.get(id)?.state ?? "unknown") : "renamed",
    sealed: sealAt(sealer, casePlace(bi), record),
    valueBi: valueKey(blindIndex, record.number.value),
  };
}

/** What is different for whoever was told of a case by its number. */
async function changes(
  db: Queryable,
  before: readonly PlacedCase[],
  after: readonly PlacedCase[],
): Promise<CaseChange[]> {
  const roots = await rootsOf(
    db,
    [...before, ...after].map(({ record }) => record.owner.value),
  );
  const teller = (cases: readonly PlacedCase[]) => {
    const rootByNumber = new Map(cases.map((placed) => [placed.id, placed.root]));
    const views = viewsOf(cases);
    return (id: string) => {
      const root = rootByNumber.get(id);
      const view = root === undefined ? undefined : views.get(root);
      const gone = view?.state === "cancelled" || view?.state === "deleted";
      return view && { root, owner: roots.get(view.owner) ?? view.owner, gone, state: view.state };
    };
  };
  const [toldBefore, toldNow] = [teller(before), teller(after)];
  return after.flatMap(({ id, record }) => {
    const [was, is] = [toldBefore(id), toldNow(id)];
    if (!is) return [];
    const moved = was !== undefined && (was.root !== is.root || was.owner !== is.owner || was.gone !== is.gone);
    if (was && !moved && was.state === is.state) return [];
    return [{ number: record.number, from: was?.owner ?? is.owner, to: is.owner, moved }];
  });
}
