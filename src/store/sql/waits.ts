import type { Queryable } from "../queryable.ts";

/** What a destination accepted and does not show yet. */
export interface Unconfirmed {
  readonly channel: string;
  readonly destination: string;
  readonly oldest: Date;
}

/** By destination, the oldest delivery that was accepted and has still to be read back. */
export async function oldestUnconfirmed(db: Queryable): Promise<Unconfirmed[]> {
  const { rows } = await db.query<Unconfirmed>(
    `SELECT channel, destination, min(accepted_at) AS oldest FROM delivery
     WHERE state = 'accepted' AND confirm_at IS NOT NULL GROUP BY channel, destination`,
  );
  return rows;
}

/** Whether no patient is known: then nobody's messages lead anywhere. */
export async function directoryIsEmpty(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ empty: boolean }>("SELECT NOT EXISTS (SELECT FROM patient) AS empty");
  return rows[0]?.empty ?? true;
}
