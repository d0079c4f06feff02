import type { Queryable } from "../queryable.ts";

/** How much the directory knows, and how fresh it is. */
export interface DirectoryState {
  readonly patients: number;
  readonly merged: number;
  readonly deleted: number;
  readonly numbers: number;
  readonly sharedNumbers: number;
  readonly openCases: number;
  readonly plannedCases: number;
  /** When anything was last told of any patient, and of the one longest silent. */
  readonly newest: Date | null;
  readonly oldest: Date | null;
  /** Patients of whom nothing was told for a year. */
  readonly silent: number;
}

export async function readDirectoryState(db: Queryable, now: Date): Promise<DirectoryState> {
  const { rows } = await db.query<DirectoryState>(
    `SELECT person.*, phone.*, cases.* FROM
       (SELECT count(*) FILTER (WHERE id = root_id AND gone_at IS NULL)::int AS patients,
          count(*) FILTER (WHERE id <> root_id)::int AS merged,
          count(*) FILTER (WHERE gone_at IS NOT NULL)::int AS deleted,
          max(updated_at) AS newest, min(updated_at) FILTER (WHERE id = root_id AND gone_at IS NULL) AS oldest,
          count(*) FILTER (WHERE id = root_id AND gone_at IS NULL AND updated_at < $1::timestamptz - interval '1 year')::int AS silent
        FROM patient) AS person,
       (SELECT count(*)::int AS numbers, count(*) FILTER (WHERE carriers > 1)::int AS "sharedNumbers"
        FROM (SELECT count(*) AS carriers FROM patient_phone GROUP BY bi) AS number) AS phone,
       (SELECT count(*) FILTER (WHERE state = 'open')::int AS "openCases",
          count(*) FILTER (WHERE state = 'planned')::int AS "plannedCases" FROM encounter) AS cases`,
    [now],
  );
  const [state] = rows;
  if (!state) throw new RangeError("counting the directory: no row");
  return state;
}

/** A number that several patients carry, or one who is not who it is known as. */
export interface NumberConflict {
  readonly bi: Buffer;
  readonly kind: "shared" | "moved";
  /** Ids of the patients, the first twenty. */
  readonly patients: readonly string[];
  readonly since: Date;
}

/** Conflicts about numbers, in the order of their hashes. @param after the hash that was last seen; empty at the beginning */
export async function numberConflicts(db: Queryable, after: Buffer, limit: number): Promise<NumberConflict[]> {
  const { rows } = await db.query<NumberConflict>(
    `SELECT bi, CASE WHEN count(*) > 1 THEN 'shared' ELSE 'moved' END AS kind,
       (array_agg(patient_id ORDER BY patient_id))[1:20] AS patients, max(since) AS since
     FROM patient_phone WHERE bi > $1 GROUP BY bi
     HAVING count(*) > 1 OR bool_or(EXISTS (SELECT FROM number_owner AS owner JOIN patient AS known ON known.id = owner.patient_id
       WHERE owner.bi = patient_phone.bi AND known.root_id <> patient_phone.patient_id))
     ORDER BY bi LIMIT $2`,
    [after, limit],
  );
  return rows;
}
