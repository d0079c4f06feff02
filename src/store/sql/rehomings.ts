import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";

export type RehomingKind = "merge" | "case" | "deleted";

/** A message that was filed, or may have been, before the directory learned that its patient or case is another. */
export interface RehomingDraft {
  readonly messageId: string;
  readonly channel: string;
  readonly kind: RehomingKind;
  /** `unclear`: it was sent and no answer came, so it may be in the former patient's chart. */
  readonly destinations: readonly { readonly destination: string; readonly state: "filed" | "unclear" }[];
  readonly fromBi: Buffer;
  /** Null where there is no patient any more. */
  readonly toBi: Buffer | null;
}

export interface RehomingRow extends RehomingDraft {
  readonly seq: number;
  readonly at: Date;
  /** When somebody withdrew the message from where it was filed. */
  readonly withdrawnAt: Date | null;
}

export async function writeRehomings(db: Queryable, rehomings: readonly RehomingDraft[], at: Date): Promise<void> {
  if (rehomings.length === 0) return;
  const rows = rehomings.map((row) => ({ ...row, destinations: JSON.stringify(row.destinations) }));
  await db.query(
    `INSERT INTO rehoming (seq, at, message_id, channel, kind, destinations, from_bi, to_bi)
     SELECT nextval('rehoming_seq'), $7, * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[], $6::bytea[])`,
    [...columns(rows, ["messageId", "channel", "kind", "destinations", "fromBi", "toBi"]), at],
  );
}

/** Marks what was reported of a message as done, because somebody withdraws it. */
export async function withdrawRehomings(db: Queryable, messageId: string, now: Date): Promise<void> {
  await db.query(`UPDATE rehoming SET withdrawn_at = coalesce(withdrawn_at, $2) WHERE message_id = $1`, [
    messageId,
    now,
  ]);
}

/** The newest first; `before` goes on where a page ended. */
export async function listRehomings(
  db: Queryable,
  { channels, before, limit }: { channels?: readonly string[] | undefined; before?: number | undefined; limit: number },
): Promise<RehomingRow[]> {
  const { rows } = await db.query<RehomingRow>(
    `SELECT seq, at, message_id AS "messageId", channel, kind, destinations, from_bi AS "fromBi", to_bi AS "toBi",
       withdrawn_at AS "withdrawnAt"
     FROM rehoming WHERE seq < coalesce($1::bigint, 9223372036854775807) AND ($3::text[] IS NULL OR channel = ANY ($3))
     ORDER BY seq DESC LIMIT $2`,
    [before ?? null, limit, channels ?? null],
  );
  return rows;
}

export async function countRehomings(db: Queryable): Promise<{ channel: string; kind: RehomingKind; count: number }[]> {
  const { rows } = await db.query<{ channel: string; kind: RehomingKind; count: number }>(
    `SELECT channel, kind, count(*)::bigint AS count FROM rehoming GROUP BY channel, kind`,
  );
  return rows;
}
