import { createHash } from "node:crypto";
import pg from "pg";
import { DataSource, type QueryRunner } from "typeorm";
import { BotenstoffError } from "#src/message/error-code.ts";
import { encodeArrays } from "./binary-arrays.ts";
import { ENTITIES } from "./schema/entities/index.ts";
import { storeError } from "./errors.ts";
import { LOCKS } from "./locks.ts";
import { MIGRATIONS } from "./schema/migrations/index.ts";
import { CONTRACTS, migrationsAhead } from "./schema/migrations/versions.ts";
import type { Queryable, Transaction } from "./queryable.ts";

/** The database, opened and migrated. Every method throws BotenstoffError STORE_UNAVAILABLE or STORE_FULL where it applies. */
export interface Store extends Queryable {
  /** Runs in one transaction; repeated as a whole when PostgreSQL asks for it (deadlock, serialisation). */
  transaction<T>(run: (db: Transaction) => Promise<T>): Promise<T>;
  /** For people's questions, on a few connections of their own: none of them can keep the pipeline waiting. */
  readonly reading: Queryable;
  /** What of an external server's own logging could put statements or values on its disk. */
  settingsWarnings(): Promise<string[]>;
  /** Migrations of a newer version that only added. */
  readonly ahead: readonly string[];
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const MAX_CONNECTIONS = 12;
const READING_CONNECTIONS = 4;
const ATTEMPTS = 6;
/** PostgreSQL error codes after which the same transaction may succeed: serialisation failure, deadlock. */
const RETRYABLE = new Set(["40001", "40P01"]);

/**
 * The session of the pipeline's statements. Each is planned once per connection, and keeps its plan while its tables grow
 * by orders of magnitude between two looks of the autovacuum: what was cheap on an empty partition (reading all of it)
 * must not be what is remembered. They find every row by an index; compiling them would take longer than running them.
 */
const FIXED_PLANS = [
  ...["-c plan_cache_mode=force_generic_plan", "-c enable_seqscan=off", "-c enable_hashjoin=off"],
  ...["-c enable_mergejoin=off", "-c enable_bitmapscan=off", "-c jit=off"],
].join(" ");

/** For migrations and the typeorm command line; the engine itself uses plain pg through named SQL. */
export function createDataSource(url: string): DataSource {
  return new DataSource({
    type: "postgres",
    url,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTableName: "migration",
  });
}

/**
 * Migrates, under a lock that lets several engines start at once, and opens the pool.
 * @throws BotenstoffError STORE_NEWER, STORE_UNAVAILABLE
 */
export async function openStore(url: string, maxConnections = MAX_CONNECTIONS): Promise<Store> {
  const ahead = await migrate(url);
  // Statements of a transaction are sent without waiting for each other's answers.
  const pool = openPool(url, { max: maxConnections, pipeline: true, options: FIXED_PLANS });
  const reading = openPool(url, { max: READING_CONNECTIONS });
  return {
    query: (text, values) => guard(() => repeated(() => query(pool, text, values))),
    transaction: (run) => guard(() => repeated(() => transact(pool, run))),
    ahead,
    settingsWarnings: () => guard(() => settingsWarnings(pool)),
    reading: { query: (text, values) => guard(() => reading.query(text, values as unknown[])) },
    close: async () => {
      await Promise.all([pool.end(), reading.end()]);
    },
  };
}

function openPool(url: string, options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: { getTypeParser },
    ...options,
  });
  // An idle connection that dies is replaced at the next query, which reports it if the server is gone.
  pool.on("error", () => undefined);
  // One that dies in use, between two statements of a transaction, fails the next; unheard it would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** @returns what a newer version ran */
async function migrate(url: string): Promise<string[]> {
  const source = createDataSource(url);
  await guard(() => source.initialize());
  const runner = source.createQueryRunner();
  try {
    await runner.query("SELECT pg_advisory_lock($1)", [LOCKS.migration]);
    const ahead = await migrationsOfNewer(runner);
    await source.runMigrations({ transaction: "all" });
    await runner.query("SELECT pg_advisory_unlock($1)", [LOCKS.migration]);
    return ahead;
  } finally {
    await runner.release();
    await source.destroy();
  }
}

async function migrationsOfNewer(runner: QueryRunner): Promise<string[]> {
  if (!(await runner.hasTable("migration"))) return [];
  const ran = (await runner.query("SELECT name FROM migration ORDER BY id")) as { name: string }[];
  const ahead = migrationsAhead(ran.map(({ name }) => name));
  const contract = ahead.find((name) => name.startsWith(CONTRACTS));
  if (contract === undefined) return ahead;
  throw new BotenstoffError("STORE_NEWER", `opening the database: a newer version ran ${contract}`);
}

/** Runs something PostgreSQL undoes as a whole when it fails, again where it asks for that. */
async function repeated<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt >= ATTEMPTS || !RETRYABLE.has(codeOf(error))) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
  }
}

async function transact<T>(pool: pg.Pool, run: (db: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // Statements travel together, and those behind a failed one fail as well: only the first failure says why.
  const failures: unknown[] = [];
  const watched = <R>(send: () => Promise<R>): Promise<R> => {
    inOnePacket(client);
    const statement = send();
    statement.catch((error: unknown) => failures.push(error));
    return statement;
  };
  let broken = true;
  try {
    // Not waited for: it travels together with the first statement.
    void watched(() => client.query("BEGIN"));
    const result = await run({ transacted: true, query: (text, values) => watched(() => query(client, text, values)) });
    const { command } = await client.query("COMMIT");
    // PostgreSQL answers the COMMIT of a failed transaction with a ROLLBACK, and calls that a success.
    if (failures.length > 0 || command !== "COMMIT") throw new Error("the transaction was rolled back");
    broken = false;
    return result;
  } catch (error) {
    broken = !(await rollback(client));
    throw failures[0] ?? error;
  } finally {
    client.release(broken);
  }
}

/** What one turn of the event loop sends is written at once: a write costs more than the statement in it. */
function inOnePacket({ connection: { stream } }: pg.PoolClient): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

async function rollback(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}

/** Statements with values are prepared once per connection: planning is a large part of what a batch costs. */
async function query<Row extends object>(
  db: pg.Pool | pg.PoolClient,
  text: string,
  values?: readonly unknown[],
): Promise<{ rows: Row[]; rowCount: number | null }> {
  if (!values) return db.query<Row & pg.QueryResultRow>(text);
  return db.query<Row & pg.QueryResultRow>({ name: nameOf(text), text, values: encodeArrays(text, values) });
}

const NAMES = new Map<string, string>();

/** One name per text, whatever its length: PostgreSQL's end at 63 bytes. */
function nameOf(text: string): string {
  const known = NAMES.get(text);
  if (known !== undefined) return known;
  const name = createHash("sha256").update(text).digest("hex").slice(0, 32);
  NAMES.set(text, name);
  return name;
}

async function settingsWarnings(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE (name = 'log_error_verbosity' AND setting <> 'terse')
       OR (name = 'log_parameter_max_length_on_error' AND setting <> '0') OR (name = 'log_statement' AND setting <> 'none')
       OR (name = 'fsync' AND setting <> 'on')`,
  );
  return rows.map(({ name, setting }) => `${name}=${setting}`);
}

async function guard<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw storeError(error);
  }
}

function codeOf(error: unknown): string {
  return Error.isError(error) && "code" in error ? String(error.code) : "";
}

const INT8 = 20;

/** bigint columns hold sequence numbers and seconds, all below 2^53. */
export function getTypeParser(oid: number, format?: "text" | "binary"): unknown {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, format);
}
