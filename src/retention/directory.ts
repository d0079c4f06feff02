import { BotenstoffError } from "#src/message/error-code.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import { GENERATION_MS, generationAt, generationOf } from "#src/seal/sealer.ts";
import { lock } from "#src/store/locks.ts";
import {
  dropSealed,
  forgetGone,
  nextSealed,
  replaceSealed,
  type DirectoryTable,
  type SealedDirectoryRow,
} from "#src/store/sql/directory-ends.ts";
import type { RetentionDeps } from "./deps.ts";

/** So long after a deletion an older message about the person may still come, and must not bring him back. */
export const GONE_FOR_MS = 30 * 86_400_000;

/** Forgets the hashes that are left of persons who were deleted long ago. @returns how many persons */
export async function forgetDeleted(deps: RetentionDeps): Promise<number> {
  const { store, clock, log } = deps;
  const before = new Date(clock() - GONE_FOR_MS);
  let forgotten = 0;
  for (;;) {
    const some = await store.transaction(async (db) => {
      await lock(db, "directory");
      const persons = await forgetGone(db, before);
      if (persons > 0) await deps.journal(db, "directory.forgotten", "directory", { persons });
      return persons;
    });
    if (some === 0) break;
    forgotten += some;
  }
  if (forgotten > 0) log("info", "directory.forgotten", { persons: forgotten });
  return forgotten;
}

const PORTION = 500;
/** A round of retention is held up no longer. */
const BUDGET_MS = 2_000;
/** Engines whose clocks differ have all come into a generation when it is so old. */
const SETTLED_MS = 86_400_000;
const TABLES: readonly DirectoryTable[] = ["patient", "encounter"];

/** How far the rows have been looked at; a new engine begins anew. */
export interface Renewal {
  generation: number;
  table: number;
  after: string;
  done: boolean;
}

export function beginRenewal(): Renewal {
  return { generation: -1, table: 0, after: "", done: false };
}

/**
 * Seals patients and cases anew under the key of the newest generation, a bounded piece at a time, and destroys the keys of
 * the former ones once no row is under them: what was deleted is unreadable then, in every backup too.
 */
export async function renewDirectory(deps: RetentionDeps, renewal: Renewal, budgetMs = BUDGET_MS): Promise<void> {
  const { clock, keyring } = deps;
  const generation = generationAt(clock());
  if (clock() - generation * GENERATION_MS < SETTLED_MS) return;
  if (renewal.generation !== generation) Object.assign(renewal, { ...beginRenewal(), generation });
  const began = performance.now();
  while (!renewal.done && performance.now() - began < budgetMs) await renewPortion(deps, renewal);
  if (!renewal.done) return;
  const former = keyring.generations().filter((one) => one < generation);
  for (const one of former) {
    keyring.destroyEpochKey(-one);
    await deps.store.transaction((db) => deps.journal(db, "key.destroyed", "directory", { generation: one }));
  }
  if (former.length > 0) deps.log("info", "directory.resealed", { generation, destroyed: former.length });
}

async function renewPortion(deps: RetentionDeps, renewal: Renewal): Promise<void> {
  const table = TABLES[renewal.table];
  if (table === undefined) {
    renewal.done = true;
    return;
  }
  const rows = await nextSealed(deps.store, table, renewal.after, PORTION);
  const old = rows.filter(({ sealed }) => generationOf(sealed) < renewal.generation);
  const renewed = old.map((row) => renewedRow(deps, table, row));
  await replaceSealed(
    deps.store,
    table,
    renewed.filter((row) => row !== undefined),
  );
  const lost = old.filter((_, index) => renewed[index] === undefined).map(({ at }) => at);
  await dropSealed(deps.store, table, lost);
  const last = rows.at(-1);
  if (last && rows.length === PORTION) renewal.after = last.at;
  else Object.assign(renewal, { table: renewal.table + 1, after: "" });
}

/** Undefined where the key was destroyed: the row came back with a backup. */
function renewedRow({ sealer }: RetentionDeps, table: DirectoryTable, { at, sealed }: SealedDirectoryRow) {
  const place = { epoch: DIRECTORY_EPOCH, table, row: at, column: "sealed" };
  try {
    return { at, sealed: sealer.seal(place, sealer.open(place, sealed)), former: sealed };
  } catch (error) {
    if (error instanceof BotenstoffError && error.code === "EPOCH_KEY_DESTROYED") return undefined;
    throw error;
  }
}
