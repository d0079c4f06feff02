import pg from "pg";
import { getTypeParser } from "./data-source.ts";
import { storeError } from "./errors.ts";
import { migrationsAhead, migrationsPending } from "./schema/migrations/versions.ts";
import type { Queryable } from "./queryable.ts";

/** A database as it is, read without changing anything of it. */
export interface Inspection {
  /** "18.4" */
  readonly version: string;
  readonly versionNumber: number;
  /** How far its clock is ahead of ours, in milliseconds, give or take `clockErrorMs`. */
  readonly clockAheadMs: number;
  readonly clockErrorMs: number;
  readonly encrypted: boolean;
  readonly connections: { readonly most: number; readonly open: number };
  /** Whether we may make tables: asked of an empty database. */
  readonly mayCreate: boolean;
  /** Whether an engine has ever used it. */
  readonly used: boolean;
  /** Migrations this engine would run. */
  readonly pending: readonly string[];
  /** Migrations of a newer engine. */
  readonly ahead: readonly string[];
  /** What the archive of the write-ahead log last took; absent where nothing is archived. */
  readonly archivedAt?: Date;
}

/**
 * Looks at a database, migrating nothing.
 * @param look reads more of it over the same connection, where it is one this engine can read
 * @throws BotenstoffError STORE_UNAVAILABLE; whatever else PostgreSQL says (wrong password, no such database)
 */
export async function inspectDatabase<T>(
  url: string,
  withinMs: number,
  look: (db: Queryable) => Promise<T>,
): Promise<Inspection & { readonly seen?: T }> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: withinMs,
    statement_timeout: withinMs,
    query_timeout: withinMs,
    types: { getTypeParser },
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("SET default_transaction_read_only = on");
    const inspection = await inspect(client);
    const readable = inspection.used && inspection.pending.length === 0;
    return readable ? { ...inspection, seen: await look(queryableOf(client)) } : inspection;
  } catch (error) {
    throw storeError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function inspect(client: pg.Client): Promise<Inspection> {
  const asked = Date.now();
  const { rows } = await client.query<Row>(`SELECT current_setting('server_version') AS version,
    current_setting('server_version_num')::integer AS number, extract(epoch FROM clock_timestamp()) * 1000 AS clock,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
    current_setting('max_connections')::integer AS most, (SELECT count(*)::integer FROM pg_stat_activity) AS open,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayCreate",
    to_regclass('migration') IS NOT NULL AS used,
    (SELECT last_archived_time FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off') AS archived`);
  const answered = Date.now();
  const [row] = rows;
  if (!row) throw new Error("PostgreSQL answered nothing");
  const known = row.used
    ? await client.query<{ name: string }>("SELECT name FROM migration ORDER BY id")
    : { rows: [] };
  const names = known.rows.map(({ name }) => name);
  return {
    version: row.version,
    versionNumber: row.number,
    clockAheadMs: Math.round(Number(row.clock) - (asked + answered) / 2),
    clockErrorMs: Math.ceil((answered - asked) / 2),
    encrypted: row.encrypted,
    connections: { most: row.most, open: row.open },
    mayCreate: row.mayCreate,
    used: names.length > 0,
    pending: migrationsPending(names),
    ahead: migrationsAhead(names),
    ...(row.archived && { archivedAt: row.archived }),
  };
}

interface Row {
  readonly version: string;
  readonly number: number;
  readonly clock: string;
  readonly encrypted: boolean;
  readonly most: number;
  readonly open: number;
  readonly mayCreate: boolean;
  readonly used: boolean;
  readonly archived: Date | null;
}

function queryableOf(client: pg.Client): Queryable {
  return { query: (text, values) => client.query(text, values as unknown[]) };
}
