import type { MessageState } from "#src/message/state.ts";
import type { Queryable } from "../queryable.ts";
import { newestSeq, seqAfter, seqBefore } from "./instant-seq.ts";
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
  /** Keyed hashes of patients: it went to one of them. */
  readonly patientBis?: readonly Buffer[] | undefined;
  readonly contactBi?: Buffer | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Found {
  readonly rows: MessageSummary[];
  /** Where the search has come to, if it stopped before it found enough: everything older is still to be searched. */
  readonly searchedTo: number | null;
}

/** So many messages are looked at first where no index answers, then twice as many, as long as there is time. */
const FIRST_WINDOW = 4_000;
const LARGEST_WINDOW = 64_000;
/** No further window is begun after this. */
const BUDGET_MS = 40;
/** A window that took longer is as large as they get. */
const QUICK_MS = 15;

const LIVE = `SELECT id, seq, epoch, channel, kind, state, reason, received_at AS "receivedAt", filed_at AS "filedAt",
  restricted_at AS "restrictedAt", external_id AS "externalId" FROM message`;
const PURGED = `SELECT message_id AS id, seq, NULL::bigint AS epoch, channel, kind, 'purged' AS state, NULL AS reason,
  received_at AS "receivedAt", filed_at AS "filedAt", NULL::timestamptz AS "restrictedAt", NULL::bytea AS "externalId"
  FROM tombstone`;

/**
 * The newest messages that match, purged ones from their tombstones. Where no index answers it looks at pieces of the list
 * for a bounded time and says how far it has come: a rare kind among a million costs many short searches, never a long one.
 */
export async function listMessages(db: Queryable, search: MessageFilter): Promise<Found> {
  const newest = Math.min(search.before ?? Infinity, search.until ? await seqAfter(db, search.until) : Infinity);
  const oldest = search.from ? await seqBefore(db, search.from) : 0;
  if (newest <= oldest) return { rows: [], searchedTo: null };
  if (!needsWindow(search)) return { rows: await find(db, search, newest, oldest), searchedTo: null };
  return inWindows(db, search, Math.min(newest, (await newestSeq(db)) + 1), oldest);
}

async function inWindows(db: Queryable, search: MessageFilter, newest: number, oldest: number): Promise<Found> {
  const began = performance.now();
  const rows: MessageSummary[] = [];
  let [top, window] = [newest, FIRST_WINDOW];
  for (;;) {
    const bottom = Math.max(oldest, top - window);
    const since = performance.now();
    rows.push(...(await find(db, { ...search, limit: search.limit - rows.length }, top, bottom)));
    if (rows.length >= search.limit || bottom <= oldest) return { rows, searchedTo: null };
    const now = performance.now();
    if (now - began > BUDGET_MS) return { rows, searchedTo: bottom };
    if (now - since < QUICK_MS) window = Math.min(window * 2, LARGEST_WINDOW);
    top = bottom;
  }
}

function needsWindow(search: MessageFilter): boolean {
  const { reason, kind, destination, code, externalBi, patientBis, contactBi } = search;
  if ([externalBi, patientBis, contactBi].some((one) => one !== undefined)) return false;
  return [reason, kind, destination, code].some((one) => one !== undefined);
}

async function find(db: Queryable, search: MessageFilter, top: number, bottom: number): Promise<MessageSummary[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { channel, channels, kind, externalBi, from, until } = search;
  const range = [
    ...(top === Infinity ? [] : [`seq < ${bind(top)}`]),
    ...(bottom === 0 ? [] : [`seq >= ${bind(bottom)}`]),
  ];
  const common = [
    ...(channel === undefined ? [] : [`channel = ${bind(channel)}`]),
    ...(channels === undefined ? [] : [`channel = ANY (${bind(channels)}::text[])`]),
    ...(kind === undefined ? [] : [`kind = ${bind(kind)}`]),
    ...(externalBi === undefined ? [] : [`external_bi = ${bind(externalBi)}`]),
    ...(from === undefined ? [] : [`received_at >= ${bind(from)}`]),
    ...(until === undefined ? [] : [`received_at < ${bind(until)}`]),
    ...range,
  ];
  const limit = bind(search.limit);
  const part = (select: string, conditions: readonly string[]) =>
    `(${select}${conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : ""} ORDER BY seq DESC LIMIT ${limit})`;
  const { state } = search;
  const parts = [
    ...(state === "purged" ? [] : [part(LIVE, [...common, ...liveConditions(search, range, bind)])]),
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

/** @param range conditions on `seq`, of messages and deliveries alike */
function liveConditions(search: MessageFilter, range: readonly string[], bind: Bind): string[] {
  const { state, reason, destination, code, patientBis, contactBi } = search;
  const there = destination === undefined ? [] : [`destination = ${bind(destination)}`];
  return [
    ...(state === undefined ? [] : [`state = ${bind(state)}`]),
    ...(reason === undefined ? [] : [`reason = ${bind(reason)}`]),
    ...(patientBis === undefined ? [] : [`patient_bi = ANY (${bind(patientBis)}::bytea[])`]),
    ...(contactBi === undefined ? [] : [`contact_bi = ${bind(contactBi)}`]),
    ...(code === undefined ? [] : [withCode(bind(`${code}:`), there, range, !needsWindow(search))]),
    ...(code !== undefined || destination === undefined ? [] : [`(${probe(there)})`]),
  ];
}

/** A delivery of the row, looked for row by row, in the order of the list: a join would read every delivery there is. */
function probe(conditions: readonly string[]): string {
  const ofMessage = ["delivery.epoch = message.epoch", "delivery.message_id = message.id"];
  return `SELECT true FROM delivery WHERE ${[...ofMessage, ...conditions].join(" AND ")} LIMIT 1`;
}

/** Few messages have an error, and an index knows them; where there are few to look at anyway, each is asked. */
function withCode(prefix: string, there: readonly string[], range: readonly string[], few: boolean): string {
  const failed = (table: string) => `${table}.last_error IS NOT NULL AND starts_with(${table}.last_error, ${prefix})`;
  if (few) {
    const own = there.length > 0 ? "" : `OR ${failed("message")}`;
    return `((${probe([...there, failed("delivery")])}) ${own})`;
  }
  const own =
    there.length > 0 ? "" : `UNION ALL SELECT id FROM message WHERE ${[failed("message"), ...range].join(" AND ")}`;
  return `id IN (SELECT message_id FROM delivery WHERE ${[failed("delivery"), ...range, ...there].join(" AND ")} ${own})`;
}

/** A tombstone keeps neither a reason nor an error, and nothing that tells whose it was. */
function mayBePurged({ state, reason, code, patientBis, contactBi }: MessageFilter): boolean {
  if (state !== undefined && state !== "purged") return false;
  return [reason, code, patientBis, contactBi].every((one) => one === undefined);
}

function purgedConditions({ destination }: MessageFilter, bind: Bind): string[] {
  if (destination === undefined) return [];
  return [`deliveries @> ${bind(JSON.stringify([{ destination }]))}::jsonb`];
}
