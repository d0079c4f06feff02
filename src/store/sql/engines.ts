import type { Queryable } from "../queryable.ts";

/** What holds one destination back, as one engine sees it. */
export interface BreakerReport {
  readonly channel: string;
  readonly stage: string;
  readonly failures: number;
  /** Milliseconds until it is tried again. */
  readonly probe_in_ms: number;
}

/** A certificate that ends. */
export interface CertificateReport {
  /** Empty: of the engine's own door. */
  readonly channel: string;
  readonly connector: string;
  /** `own`, `ca` or `peer`. */
  readonly role: string;
  readonly expires_at: string;
}

/** What an engine says of itself: ids and numbers. */
export interface EngineReport {
  readonly version: string;
  readonly node: string;
  readonly channels: number;
  readonly disk_free: number | null;
  readonly disk_reserve: number;
  readonly accepts: boolean;
  readonly breakers: readonly BreakerReport[];
  /** Absent from engines of an earlier version. */
  readonly certificates?: readonly CertificateReport[];
}

export interface EngineRow {
  readonly owner: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** Seconds since it was heard of, by the database's clock. */
  readonly silentS: number;
  /** How far its clock is ahead of the database's, in milliseconds, less what the statement took. */
  readonly clockAheadMs: number;
  readonly leases: number;
  readonly report: EngineReport;
}

/** Forgotten by the others when it has not been heard of for so long. */
const FORGOTTEN = "1 day";

/** An engine says that it lives; the first to do so after a day forgets those that do not. */
export async function reportEngine(
  db: Queryable,
  { owner, startedAt, now, report }: { owner: string; startedAt: Date; now: Date; report: EngineReport },
): Promise<void> {
  await db.query(
    `WITH gone AS (DELETE FROM engine WHERE seen_at < now() - interval '${FORGOTTEN}')
     INSERT INTO engine (owner, started_at, seen_at, clock_at, report) VALUES ($1, $2, now(), $3, $4)
     ON CONFLICT (owner) DO UPDATE SET seen_at = now(), clock_at = EXCLUDED.clock_at, report = EXCLUDED.report`,
    [owner, startedAt, now, JSON.stringify(report)],
  );
}

export async function forgetEngine(db: Queryable, owner: string): Promise<void> {
  await db.query(`DELETE FROM engine WHERE owner = $1`, [owner]);
}

export async function listEngines(db: Queryable): Promise<EngineRow[]> {
  const { rows } = await db.query<EngineRow>(
    `SELECT owner, started_at AS "startedAt", seen_at AS "seenAt", report,
       extract(epoch FROM now() - seen_at)::float8 AS "silentS",
       round(extract(epoch FROM clock_at - seen_at) * 1000)::bigint AS "clockAheadMs",
       (SELECT count(*) FROM lane WHERE lane.owner = engine.owner AND ready_at > now())::bigint AS leases
     FROM engine ORDER BY started_at, owner`,
  );
  return rows;
}

/** What engines that are alive say holds destinations back. */
export async function breakersNow(db: Queryable): Promise<(BreakerReport & { readonly owner: string })[]> {
  const { rows } = await db.query<BreakerReport & { readonly owner: string }>(
    `SELECT owner, b.channel, b.stage, b.failures,
       greatest(0, b.probe_in_ms - extract(epoch FROM now() - seen_at) * 1000)::float8 AS probe_in_ms
     FROM engine, jsonb_to_recordset(report -> 'breakers') AS b (channel text, stage text, failures int, probe_in_ms float8)
     WHERE seen_at > now() - interval '10 seconds' ORDER BY owner`,
  );
  return rows;
}

/** What engines that are alive say of certificates: of each kind the one that ends first, soonest first. */
export async function certificatesNow(db: Queryable): Promise<(CertificateReport & { readonly owner: string })[]> {
  const { rows } = await db.query<CertificateReport & { readonly owner: string }>(
    `SELECT * FROM (
       SELECT DISTINCT ON (c.channel, c.connector, c.role) owner, c.channel, c.connector, c.role, c.expires_at
       FROM engine, jsonb_to_recordset(report -> 'certificates') AS c (channel text, connector text, role text, expires_at text)
       WHERE seen_at > now() - interval '10 seconds'
       ORDER BY c.channel, c.connector, c.role, c.expires_at, owner) AS soonest
     ORDER BY expires_at, channel, connector, role`,
  );
  return rows;
}
