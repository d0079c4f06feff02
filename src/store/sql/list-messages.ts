import type { MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import { seqAfter, seqBefore } from "./instant-seq.ts";
import type { MessageSummary } from "./messages.ts";

/** Any combination; `limit` messages older than `before`. */
export interface MessageFilter {
  readonly state?: MessageState | undefined;
  readonly channel?: string | undefined;
  /** Only on these; absent: on all. */
  readonly channels?: readonly string[] | undefined;
  /** Why it is held. */
  readonly reason?: string | undefined;
  readonly kind?: string | undefined;
  /** It has a delivery there. */
  readonly destination?: string | undefined;
  /** Its last error, or that of a delivery (at `destination`, where one is named), has this code. */
  readonly code?: string | undefined;
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
  /** Keyed hash of the external id looked for. */
  readonly externalBi?: Buffer | undefined;
  readonly patientBi?: Buffer | undefined;
  readonly contactBi?: Buffer | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Found {
  readonly rows: MessageSummary[];
  /** Where the search has come to, if it stopped before it found enough: everything older is still to be searched. */
  readonly searchedTo: number | null;
}

/** So many messages are looked at by one search where no index answers: tens of milliseconds. */
const WINDOW = 100_000;

const LIVE = `SELECT id, seq, epoch, channel, kind, state, reason, received_at AS "receivedAt", filed_at AS "filedAt",
  restricted_at AS "restrictedAt", external_id AS "externalId" FROM message`;
const PURGED = `SELECT message_id AS id, seq, NULL::bigint AS epoch, channel, kind, 'purged' AS state, NULL AS reason,
  received_at AS "receivedAt", filed_at AS "filedAt", NULL::timestamptz AS "restrictedAt", NULL::bytea AS "externalId"
  FROM tombstone`;

/**
 * The newest messages that match, purged ones from their tombstones. Where no index answers it looks at a bounded piece
 * of the list and says how far it has come: a rare kind among a million costs many short searches, never a long one.
 */
export async function listMessages(db: Queryable, search: MessageFilter): Promise<Found> {
  const newest = Math.min(search.before ?? Infinity, search.until ? await seqAfter(db, search.until) : Infinity);
  const oldest = search.from ? await seqBefore(db, search.from) : 0;
  if (newest <= oldest) return { rows: [], searchedTo: null };
  const bounded = needsWindow(search);
  const top = bounded && newest === Infinity ? await newestSeq(db) : newest;
  const bottom = bounded ? Math.max(oldest, top - WINDOW) : oldest;
  const rows = await find(db, search, top, bottom);
  return { rows, searchedTo: bounded && rows.length < search.limit && bottom > oldest && bottom > 0 ? bottom : null };
}

function needsWindow({ reason, kind, destination, code, externalBi }: MessageFilter): boolean {
  if (externalBi !== undefined) return false;
  return [reason, kind, destination, code].some((one) => one !== undefined);
}

async function newestSeq(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ newest: number | null }>(
    `SELECT greatest((SELECT max(seq) FROM message), (SELECT max(seq) FROM tombstone)) AS newest`,
  );
  return (rows[0]?.newest ?? 0) + 1;
}

async function find(db: Queryable, search: MessageFilter, top: number, bottom: number): Promise<MessageSummary[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { channel, channels, kind, externalBi, from, until } = search;
  const common = [
    ...(channel === undefined ? [] : [`channel = ${bind(channel)}`]),
    ...(channels === undefined ? [] : [`channel = ANY (${bind(channels)}::text[])`]),
    ...(kind === undefined ? [] : [`kind = ${bind(kind)}`]),
    ...(externalBi === undefined ? [] : [`external_bi = ${bind(externalBi)}`]),
    ...(from === undefined ? [] : [`received_at >= ${bind(from)}`]),
    ...(until === undefined ? [] : [`received_at < ${bind(until)}`]),
    ...(top === Infinity ? [] : [`seq < ${bind(top)}`]),
    ...(bottom === 0 ? [] : [`seq >= ${bind(bottom)}`]),
  ];
  const limit = bind(search.limit);
  const part = (select: string, conditions: readonly string[]) =>
    `(${select}${conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : ""} ORDER BY seq DESC LIMIT ${limit})`;
  const { state } = search;
  const parts = [
    ...(state === "purged" ? [] : [part(LIVE, [...common, ...liveConditions(search, bind)])]),
    ...(mayBePurged(search) ? [part(PURGED, [...common, ...purgedConditions(search, bind)])] : []),
  ];
  if (parts.length === 0) return [];
  const { rows } = await db.query<MessageSummary>(
    `SELECT * FROM (${parts.join(" UNION ALL ")}) AS found ORDER BY seq DESC LIMIT ${limit}`,
    values,
  );
  return rows;
}

type Bind = (value: unknown) => string;

function liveConditions(
  { state, reason, destination, code, patientBi, contactBi }: MessageFilter,
  bind: Bind,
): string[] {
  const ofMessage = "delivery.message_id = message.id AND delivery.epoch = message.epoch";
  const at = destination === undefined ? "" : ` AND delivery.destination = ${bind(destination)}`;
  const prefix = code === undefined ? undefined : bind(`${code}:`);
  return [
    ...(state === undefined ? [] : [`state = ${bind(state)}`]),
    ...(reason === undefined ? [] : [`reason = ${bind(reason)}`]),
    ...(patientBi === undefined ? [] : [`patient_bi = ${bind(patientBi)}`]),
    ...(contactBi === undefined ? [] : [`contact_bi = ${bind(contactBi)}`]),
    ...(prefix === undefined
      ? []
      : [
          `(${destination === undefined ? `starts_with(last_error, ${prefix}) OR ` : ""}EXISTS (SELECT FROM delivery
            WHERE ${ofMessage}${at} AND starts_with(delivery.last_error, ${prefix})))`,
        ]),
    ...(prefix === undefined && destination !== undefined
      ? [`EXISTS (SELECT FROM delivery WHERE ${ofMessage}${at})`]
      : []),
  ];
}

/** A tombstone keeps neither a reason nor an error, and nothing that tells whose it was. */
function mayBePurged({ state, reason, code, patientBi, contactBi }: MessageFilter): boolean {
  if (state !== undefined && state !== "purged") return false;
  return [reason, code, patientBi, contactBi].every((one) => one === undefined);
}

function purgedConditions({ destination }: MessageFilter, bind: Bind): string[] {
  if (destination === undefined) return [];
  return [`deliveries @> ${bind(JSON.stringify([{ destination }]))}::jsonb`];
}
