import pg from "pg";

const ACTIVITY = `SELECT pid, state, wait_event_type AS waits, wait_event AS for, pg_blocking_pids(pid) AS by,
  extract(epoch FROM clock_timestamp() - xact_start)::int AS seconds, left(regexp_replace(query, '\\s+', ' ', 'g'), 120) AS query
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'`;

/** What PostgreSQL's sessions are doing and waiting for, one line each: the story of a round that is stuck. */
export async function activityOf(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(ACTIVITY);
    return rows.map((row) => `postgres ${JSON.stringify(row)}`);
  } catch (error) {
    return [`postgres does not say what it does: ${Error.isError(error) ? error.message : String(error)}`];
  } finally {
    await client.end().catch(() => undefined);
  }
}
