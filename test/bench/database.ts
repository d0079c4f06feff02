import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { startEmbedded } from "#src/store/server/server.ts";

/** The PostgreSQL of a run: the embedded one, as shipped, with fsync on. */
export interface Server {
  readonly pid: number;
  /** What a run keeps in files lies here, and goes with it. */
  readonly directory: string;
  /** A new database, empty or with all that another has, to which nobody may be connected then. */
  create(name: string, template?: Database): Promise<Database>;
  stop(): Promise<void>;
}

/** One database and a connection of the benchmark's own to it. */
export interface Database {
  readonly name: string;
  readonly url: string;
  rows<Row>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Durable work done on the whole server so far. */
  work(): Promise<DurableWork>;
  /** Closes the connection: from now on it is only copied and dropped. */
  disconnect(): Promise<void>;
  drop(): Promise<void>;
}

export interface DurableWork {
  /** Transactions that wrote: each drew a transaction id and waited for one fsync (its own or a neighbour's). */
  readonly commits: number;
  readonly walBytes: number;
}

export async function startServer(directory: string): Promise<Server> {
  const home = join(directory, "postgres");
  const server = await startEmbedded({ directory: home });
  const pid = Number(readFileSync(join(home, "cluster", "postmaster.pid"), "utf8").split("\n")[0]);
  const run = async (statement: string) => {
    const client = await connect(server.url);
    await client.query(statement);
    await client.end();
  };
  return {
    pid,
    directory,
    create: async (name, template) => {
      // File by file and not through the WAL, which would otherwise be full of the copy when what follows is measured.
      await run(`CREATE DATABASE ${name} ${template ? `TEMPLATE ${template.name} STRATEGY FILE_COPY` : ""}`);
      const url = new URL(server.url);
      url.pathname = name;
      const client = await connect(url.href);
      let connected = true;
      const disconnect = async () => {
        if (connected) await client.end();
        connected = false;
      };
      return {
        name,
        url: url.href,
        rows: async <Row>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as Row[],
        work: () => work(client),
        disconnect,
        drop: async () => {
          await disconnect();
          await run(`DROP DATABASE ${name} (FORCE)`);
        },
      };
    },
    stop: () => server.stop(),
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function work(client: pg.Client): Promise<DurableWork> {
  const { rows } = await client.query<{ commits: string; wal: string }>(
    "SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS commits, pg_current_wal_insert_lsn() - '0/0' AS wal",
  );
  return { commits: Number(rows[0]?.commits), walBytes: Number(rows[0]?.wal) };
}
