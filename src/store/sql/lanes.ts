import { LANE_ORDER } from "../locks.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";

/** Strict order inside one conversation at one stage: `prepare`, or the id of a destination. */
export interface LaneKey {
  readonly channel: string;
  readonly stage: string;
  readonly key: Buffer;
}

/** A lane held by a worker until its lease runs out; `token` is drawn anew for every claim and never used twice. */
export interface ClaimedLane extends LaneKey {
  readonly token: number;
  /** Consecutive turns that ended in a retry. */
  readonly failures: number;
  /** For how long the message at its head has been tried in vain, in milliseconds. */
  readonly stoppedMs?: number;
  /** Work in it when it was claimed. */
  readonly open: number;
  /** How suspect the message at its head was before (`lanes/suspicion.ts`); absent: not at all. */
  readonly suspicion?: number;
}

/** How many works of each lane a turn takes: of a suspect one the first alone. */
export function mostOf(lanes: readonly Pick<ClaimedLane, "suspicion">[], perLane: number): number[] {
  return lanes.map(({ suspicion }) => (suspicion === undefined ? perLane : 1));
}

export interface StageKey {
  readonly channel: string;
  readonly stage: string;
}

/** A stage with a lane that could be claimed now: one like any other, one to be examined, or both. */
export interface ReadyStage extends StageKey {
  readonly claimable: boolean;
  readonly suspect: boolean;
}

/** What was in an engine's hands when that died is suspect, and claimed apart from the rest (`claimSuspect`). */
export const SUSPECT = "lane.suspicion > 0";

/** Which stages have lanes that could be claimed now. Costs two index probes per stage, whatever the backlog. */
export async function readyStages(db: Queryable, stages: readonly StageKey[]): Promise<ReadyStage[]> {
  const ready = (condition: string) => `EXISTS (SELECT FROM lane WHERE lane.channel = wanted.channel
    AND lane.stage = wanted.stage AND parked_at IS NULL AND ready_at <= now() AND ${condition})`;
  const { rows } = await db.query<ReadyStage>(
    `SELECT * FROM (SELECT channel, stage, ${ready(`NOT ${SUSPECT}`)} AS claimable, ${ready(SUSPECT)} AS suspect
       FROM unnest($1::text[], $2::text[]) AS wanted (channel, stage)) AS ready WHERE claimable OR suspect`,
    columns(stages, ["channel", "stage"]),
  );
  return rows;
}

/** A wish for lanes of one stage. */
export interface Claim extends StageKey {
  readonly limit: number;
}

/**
 * Takes up to `limit` lanes of each stage that are due, by the database's clock: engines whose own clocks differ or jump
 * must not take a lane from each other. While leased, a lane's `ready_at` is the end of its lease, so an abandoned
 * lane becomes due by itself; SKIP LOCKED lets any number of engines claim side by side. No stage may be named twice.
 */
export async function claimLanes(
  db: Queryable,
  claims: readonly Claim[],
  { owner, leaseMs }: { readonly owner: string; readonly leaseMs: number },
): Promise<ClaimedLane[]> {
  const { rows } = await db.query<ClaimedLane>(
    `WITH due AS (
       SELECT due.* FROM unnest($1::text[], $2::text[], $3::int[]) AS wanted (channel, stage, most)
       CROSS JOIN LATERAL (SELECT channel, stage, key FROM lane
         WHERE lane.channel = wanted.channel AND lane.stage = wanted.stage AND parked_at IS NULL AND ready_at <= now()
           AND NOT ${SUSPECT}
         ORDER BY ready_at LIMIT wanted.most FOR UPDATE SKIP LOCKED) AS due)
     UPDATE lane SET token = nextval('lane_token'), owner = $4, ready_at = now() + make_interval(secs => $5 / 1000.0),
       suspicion = 1
     FROM due
     WHERE lane.channel = due.channel AND lane.stage = due.stage AND lane.key = due.key
     RETURNING lane.channel, lane.stage, lane.key, lane.token, lane.failures, lane.open,
       coalesce(extract(epoch FROM now() - lane.stopped_at), 0)::float8 * 1000 AS "stoppedMs"`,
    [...columns(claims, ["channel", "stage", "limit"]), owner, leaseMs],
  );
  return rows;
}

/** Whose a lane becomes that is opened for an engine with room for it, and for how long: as if it had been claimed. */
export interface Lease {
  readonly owner: string;
  readonly leaseMs: number;
}

/** A row of what opened lanes: `ours` where the lane did not exist and so is leased from its first moment. */
export interface OpenedRow extends StageKey {
  readonly key: Buffer;
  readonly token: number;
  readonly open: number;
  readonly ours: boolean;
}

/** The lanes that were opened for the caller. */
export function claimedOf(rows: readonly OpenedRow[]): ClaimedLane[] {
  return rows.filter(({ ours }) => ours).map(({ ours: _, ...lane }) => ({ ...lane, failures: 0 }));
}

/**
 * Prolongs the leases that are still ours; returns the tokens that are. A turn that was booked meanwhile has given its lane
 * back: to prolong that one would keep it from everybody for a whole lease.
 */
export async function renewLanes(db: Queryable, lanes: readonly ClaimedLane[], leaseMs: number): Promise<Set<number>> {
  const { rows } = await db.query<{ token: number }>(
    `WITH mine AS (
       SELECT lane.channel, lane.stage, lane.key FROM lane
       JOIN unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[]) AS held (channel, stage, key, token)
         USING (channel, stage, key, token)
       WHERE lane.owner IS NOT NULL
       ORDER BY ${LANE_ORDER} FOR UPDATE OF lane)
     UPDATE lane SET ready_at = now() + make_interval(secs => $5 / 1000.0) FROM mine
     WHERE lane.channel = mine.channel AND lane.stage = mine.stage AND lane.key = mine.key RETURNING lane.token`,
    [...columns(lanes, ["channel", "stage", "key", "token"]), leaseMs],
  );
  return new Set(rows.map((row) => row.token));
}

/**
 * Ends the leases of an owner before their time, but for those it knows of: a claim whose answer was lost, a turn that could
 * not be booked. The lanes are due again after a pause.
 */
export async function giveBackLanes(
  db: Queryable,
  { owner, but, pauseMs }: { readonly owner: string; readonly but: readonly number[]; readonly pauseMs: number },
): Promise<void> {
  await db.query(
    `WITH orphan AS (
       SELECT channel, stage, key FROM lane WHERE owner = $1 AND NOT token = ANY ($2::bigint[])
       ORDER BY ${LANE_ORDER} FOR UPDATE)
     UPDATE lane SET owner = NULL, ready_at = now() + make_interval(secs => $3 / 1000.0),
       suspicion = CASE WHEN lane.suspects > 0 THEN 1 ELSE 0 END FROM orphan
     WHERE lane.channel = orphan.channel AND lane.stage = orphan.stage AND lane.key = orphan.key`,
    [owner, but, pauseMs],
  );
}

/**
 * Locks the lanes that still carry the token they were claimed with, in the order everyone takes
 * them in, so that two settling engines cannot deadlock.
 * @returns the work there is in each, by the tokens still ours; whatever a zombie did under another token must not be written
 */
export async function lockOwnedLanes(db: Transaction, lanes: readonly ClaimedLane[]): Promise<Map<number, number>> {
  const { rows } = await db.query<{ token: number; open: number }>(
    `SELECT lane.token, lane.open FROM lane
     JOIN unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[]) AS held (channel, stage, key, token)
       USING (channel, stage, key, token)
     ORDER BY ${LANE_ORDER} FOR UPDATE OF lane`,
    columns(lanes, ["channel", "stage", "key", "token"]),
  );
  return new Map(rows.map(({ token, open }) => [token, open]));
}

/** What a lane says that a person parked. */
export const PARKED_BY_PERSON = "person";

/** What becomes of a lane after a turn, or after one delivery of a turn. */
export interface LaneTurn extends ClaimedLane {
  /** Work that left the lane. */
  readonly done: number;
  /** How long the lane is left alone, in milliseconds; null keeps the lease. */
  readonly waitMs: number | null;
  readonly retried: boolean;
  /** Set to stop the lane until a person acts. */
  readonly park: string | null;
}

/**
 * Books turns on lanes the caller has locked; lanes without open work disappear unless parked.
 * @returns the tokens of the lanes that hold more work, due at once
 */
export async function bookTurns(db: Queryable, turns: readonly LaneTurn[]): Promise<Set<number>> {
  const { rows } = await db.query<{ token: number; due: boolean }>(
    `WITH turn AS (
       SELECT turn.*, lane.open - turn.done <= 0 AND lane.parked_at IS NULL AND turn.park IS NULL
         AND turn.wait_ms IS NOT NULL AS is_over
       FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::int[], $6::float8[], $7::bool[], $8::text[])
         AS turn (channel, stage, key, token, done, wait_ms, retried, park)
       JOIN lane USING (channel, stage, key, token)
     ), gone AS (
       DELETE FROM lane USING turn WHERE turn.is_over
         AND lane.channel = turn.channel AND lane.stage = turn.stage AND lane.key = turn.key)
     UPDATE lane SET open = open - turn.done,
       ready_at = coalesce(now() + make_interval(secs => turn.wait_ms / 1000.0), lane.ready_at),
       owner = CASE WHEN turn.wait_ms IS NULL THEN lane.owner END,
       suspicion = CASE WHEN turn.wait_ms IS NULL OR lane.suspects > turn.done THEN 1 ELSE 0 END,
       suspects = greatest(lane.suspects - turn.done, 0),
       failures = CASE WHEN turn.retried THEN lane.failures + 1 WHEN turn.done > 0 THEN 0 ELSE lane.failures END,
       stopped_at = CASE WHEN turn.done > 0 THEN CASE WHEN turn.retried THEN now() END
         WHEN turn.retried THEN coalesce(lane.stopped_at, now()) ELSE lane.stopped_at END,
       parked_at = CASE WHEN turn.park IS NULL THEN lane.parked_at ELSE now() END,
       reason = coalesce(turn.park, lane.reason)
     FROM turn WHERE NOT turn.is_over AND lane.channel = turn.channel AND lane.stage = turn.stage AND lane.key = turn.key
     RETURNING lane.token, turn.wait_ms = 0 AND lane.parked_at IS NULL AS due`,
    columns(turns, ["channel", "stage", "key", "token", "done", "waitMs", "retried", "park"]),
  );
  return new Set(rows.flatMap(({ token, due }) => (due ? [token] : [])));
}

/**
 * Adds work to lanes, opening those that do not exist; `unpark` also sets parked ones going. What comes in may go before what
 * is suspect: nothing is held against a lane any more that was examined, and everything in it is examined once more.
 */
export async function openLanes(
  db: Queryable,
  work: readonly (LaneKey & { readonly count: number })[],
  unpark = false,
): Promise<void> {
  await db.query(
    `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
     SELECT channel, stage, key, sum(count), now(), now(), 0
     FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int[]) AS lane (channel, stage, key, count)
     GROUP BY channel, stage, key ORDER BY ${LANE_ORDER}
     ON CONFLICT (channel, stage, key) DO UPDATE SET open = lane.open + EXCLUDED.open,
       suspicion = least(lane.suspicion, 1),
       suspects = CASE WHEN lane.suspects > 0 THEN lane.suspects + EXCLUDED.open ELSE 0 END,
       ready_at = CASE WHEN $5 AND lane.parked_at IS NOT NULL THEN EXCLUDED.ready_at ELSE lane.ready_at END,
       parked_at = CASE WHEN $5 THEN NULL ELSE lane.parked_at END,
       reason = CASE WHEN $5 THEN NULL ELSE lane.reason END`,
    [...columns(work, ["channel", "stage", "key", "count"]), unpark],
  );
}

/** Forgets claimed lanes that turned out to hold no work (their count had drifted), unless some has come since. */
export async function dropEmptyLanes(db: Queryable, lanes: readonly ClaimedLane[]): Promise<void> {
  await db.query(
    `DELETE FROM lane USING unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::int[])
       AS empty (channel, stage, key, token, open)
     WHERE lane.channel = empty.channel AND lane.stage = empty.stage AND lane.key = empty.key AND lane.token = empty.token
       AND lane.open <= empty.open`,
    columns(lanes, ["channel", "stage", "key", "token", "open"]),
  );
}

/**
 * Sets lanes of a stage going that a failed message has parked for longer than given; a lane that a person parked waits for
 * one. @returns how many
 */
export async function unparkOverdue(db: Queryable, { channel, stage }: StageKey, parkedForMs: number): Promise<number> {
  const { rowCount } = await db.query(
    `WITH over AS (
       SELECT channel, stage, key FROM lane WHERE channel = $1 AND stage = $2 AND reason IS DISTINCT FROM '${PARKED_BY_PERSON}'
         AND parked_at <= now() - make_interval(secs => $3::float8 / 1000.0)
       ORDER BY ${LANE_ORDER} FOR UPDATE SKIP LOCKED)
     UPDATE lane SET parked_at = NULL, reason = NULL, ready_at = CASE WHEN owner IS NULL THEN now() ELSE ready_at END
     FROM over WHERE lane.channel = over.channel AND lane.stage = over.stage AND lane.key = over.key`,
    [channel, stage, parkedForMs],
  );
  return rowCount ?? 0;
}

/** Sets parked lanes going in which nothing has failed any more: no reprocessing ever would. */
export async function unparkWithoutFailure(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE lane SET parked_at = NULL, reason = NULL, ready_at = now() WHERE parked_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM delivery WHERE delivery.channel = lane.channel AND delivery.destination = lane.stage
         AND delivery.lane_key = lane.key AND delivery.state = 'failed')`,
  );
}
