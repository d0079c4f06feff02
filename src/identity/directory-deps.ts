import type { Clock } from "#src/message/clock.ts";
import type { DirectoryUpdate, Patient } from "#src/message/directory.ts";
import type { Store } from "#src/store/data-source.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import * as sql from "#src/store/sql/directory.ts";
import { openAt } from "#src/store/sealed/place.ts";
import type { Effects } from "./apply.ts";
import type { ApplyDeps } from "./deps.ts";
import { patientPlace } from "./keys.ts";
import { Persons } from "./person.ts";

export interface DirectoryDeps extends ApplyDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Told inside the transaction what changed for everything that refers to the directory. */
  onChanged(db: Transaction, effects: Effects, update: DirectoryUpdate): Promise<void>;
}

/** The persons of these roots, as all their records together know them; the deleted ones are left out. */
export async function readPersons(
  deps: Pick<ApplyDeps, "sealer">,
  db: Queryable,
  rootIds: readonly string[],
): Promise<Map<string, Patient>> {
  const persons = await readRecords(deps, db, rootIds);
  return new Map(
    rootIds.flatMap((id) => {
      const person = persons.person(id);
      return person ? [[id, person] as const] : [];
    }),
  );
}

/** Every record of the persons of these roots. */
export async function readRecords(
  { sealer }: Pick<ApplyDeps, "sealer">,
  db: Queryable,
  rootIds: readonly string[],
): Promise<Persons> {
  const rows = await sql.recordsOfRoots(db, rootIds);
  return new Persons(
    rows.map(({ id, rootId: root, sealed }) => {
      return { id, root, record: openAt(sealer, patientPlace(id), sealed) };
    }),
  );
}
