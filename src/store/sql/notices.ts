import type { NoticeDraft, NoticeLevel } from "#src/message/notice.ts";
import type { Queryable } from "../queryable.ts";
import { columns } from "./columns.ts";
import { IS_FRESH, type EventRow } from "./intake.ts";

/** One notice cut from an event; what it says in full is sealed. */
export interface NoticeRow {
  readonly epoch: number;
  readonly id: string;
  readonly eventId: string;
  readonly channel: string;
  /** 16 bytes. */
  readonly seenHash: Buffer;
  readonly kind: NoticeDraft["kind"];
  readonly field: string;
  readonly event: string;
  /** JSON array of strings. */
  readonly codes: string;
  readonly level: NoticeLevel;
  /** Id of the outbound status it reports on. */
  readonly about: string | null;
  readonly receivedAt: string;
  readonly happenedAt: string;
  readonly retainUntil: string;
  readonly sealed: Buffer;
}

const STORE = `
WITH input AS (
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
    $9::jsonb[], $10::text[], $11::uuid[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::bytea[])
  WITH ORDINALITY AS input (epoch, id, event_id, channel, seen, kind, field, event, codes, level, about, received_at,
    happened_at, retain_until, sealed, position)
), fresh AS (
  INSERT INTO seen (hash, message_id, first_seen) SELECT seen, id, received_at FROM input ORDER BY seen
  ON CONFLICT (hash) DO NOTHING RETURNING hash, message_id
), events AS (
  INSERT INTO event (epoch, id, channel, received_at, raw)
  SELECT * FROM unnest($16::bigint[], $17::uuid[], $18::text[], $19::timestamptz[], $20::bytea[]) AS event (epoch, id, channel, received_at, raw)
  WHERE (id IN (SELECT event_id FROM input WHERE ${IS_FRESH})) IS TRUE
  ON CONFLICT (epoch, id) DO NOTHING
), stored AS (
  INSERT INTO notice (epoch, id, seq, event_id, channel, kind, field, event, codes, level, about, received_at,
    happened_at, retain_until, sealed)
  SELECT epoch, id, nextval('notice_seq'), event_id, channel, kind, field, event, codes, level, about, received_at,
    happened_at, retain_until, sealed
  FROM (SELECT * FROM input WHERE ${IS_FRESH} ORDER BY position) AS ordered
)
SELECT message_id FROM fresh`;

/**
 * Writes notices with the events they came in, unless the seen-list knows them; events already written stay as they
 * are. No two notices may have the same `seenHash`. @returns the ids of the notices that are new
 */
export async function storeNotices(
  db: Queryable,
  events: readonly EventRow[],
  notices: readonly NoticeRow[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ message_id: string }>(STORE, [
    ...columns(notices, [
      "epoch",
      "id",
      "eventId",
      "channel",
      "seenHash",
      "kind",
      "field",
      "event",
      "codes",
      "level",
      "about",
      "receivedAt",
      "happenedAt",
      "retainUntil",
      "sealed",
    ]),
    ...columns(events, ["epoch", "id", "channel", "receivedAt", "raw"]),
  ]);
  return new Set(rows.map((row) => row.message_id));
}

/** A notice as listed; nothing of it is personal. */
export interface NoticeSummary {
  readonly id: string;
  readonly seq: number;
  readonly epoch: number;
  readonly channel: string;
  readonly kind: NoticeDraft["kind"];
  readonly field: string;
  readonly event: string;
  readonly codes: readonly string[];
  readonly level: NoticeLevel;
  readonly about: string | null;
  readonly receivedAt: Date;
  readonly happenedAt: Date;
  readonly sealed: Buffer;
}

export interface NoticeFilter {
  readonly channel?: string | undefined;
  /** Only on these; absent: on all. */
  readonly channels?: readonly string[] | undefined;
  readonly kind?: NoticeDraft["kind"] | undefined;
  readonly field?: string | undefined;
  readonly level?: NoticeLevel | undefined;
  /** Cursor: only notices older (smaller `seq`) than this. */
  readonly before?: number | undefined;
  readonly limit: number;
}

const SELECT = `SELECT id, seq, epoch, channel, kind, field, event, codes, level, about, received_at AS "receivedAt",
  happened_at AS "happenedAt", sealed FROM notice`;

/** The newest notices that match, newest first. */
export async function listNotices(db: Queryable, filter: NoticeFilter): Promise<NoticeSummary[]> {
  const { rows } = await db.query<NoticeSummary>(
    `${SELECT} WHERE ($1::text IS NULL OR channel = $1) AND ($2::text IS NULL OR kind = $2)
       AND ($3::text IS NULL OR field = $3) AND ($4::text IS NULL OR level = $4) AND ($5::bigint IS NULL OR seq < $5)
       AND ($7::text[] IS NULL OR channel = ANY ($7))
     ORDER BY seq DESC LIMIT $6`,
    [filter.channel, filter.kind, filter.field, filter.level, filter.before, filter.limit, filter.channels].map(
      (one) => one ?? null,
    ),
  );
  return rows;
}

export async function getNotice(db: Queryable, id: string): Promise<NoticeSummary | undefined> {
  const { rows } = await db.query<NoticeSummary>(`${SELECT} WHERE id = $1`, [id]);
  return rows[0];
}
