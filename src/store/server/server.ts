import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { BotenstoffError } from "#src/message/error-code.ts";
import { LOCKS } from "../locks.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { chooseRunAs, type RunAs } from "./run-as.ts";
import { supervise } from "./supervise.ts";

/** A running embedded PostgreSQL that belongs to this process. */
export interface EmbeddedServer {
  readonly url: string;
  /** Shuts it down (fast: open transactions are rolled back) and waits for it. */
  stop(): Promise<void>;
}

interface Options {
  /** Where the cluster, its password and its log lie; made when absent. */
  readonly directory: string;
  /** Where it listens when it is not running yet; a free port when absent. */
  readonly port?: number;
  /** More server settings, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More of the server's environment, for tests. */
  readonly env?: Readonly<Record<string, string>>;
}

const USER = "botenstoff";
const START_MS = 30_000;
const ADOPT_MS = 10_000;
/** Arbitrary, the same in every version: one engine per embedded cluster. */

/** PostgreSQL's own log must not quote statements or values (design §5). */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  log_error_verbosity: "terse",
  log_parameter_max_length_on_error: "0",
  log_min_error_statement: "panic",
  max_connections: "100",
  shared_buffers: "128MB",
  // A server that restarts itself while its disk is full can hang for good (18.4: its recovery ends, and it waits on for it).
  restart_after_crash: "off",
  // Most pages hold keyed hashes and sealed bytes: pglz spends 0.1 ms on each and gains a third. lz4 is not built in.
  wal_compression: "off",
};

/**
 * Starts the embedded PostgreSQL, or adopts the one an engine that was killed left running; starts it again, at the same
 * address, whenever it dies.
 * @throws BotenstoffError DATA_DIR_IN_USE when another engine uses it, CONFIG_INVALID, STORE_UNAVAILABLE
 */
export async function startEmbedded({ directory, port: wanted, settings = {}, env }: Options): Promise<EmbeddedServer> {
  const home = resolve(directory);
  const paths = { cluster: join(home, "cluster"), password: join(home, "password") };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const binaries = await findBinaries();
  const runAs = chooseRunAs(binaries.postgres, home);
  if (!existsSync(join(paths.cluster, "PG_VERSION"))) await initialise(binaries, runAs, home, paths);
  const password = readFileSync(paths.password, "utf8");
  const urlAt = (port: number) => `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;

  const left = runningServer(paths.cluster);
  const adopted = left && (await answers(urlAt(left.port), ADOPT_MS)) ? left.port : undefined;
  const port = adopted ?? wanted ?? (await freePort());
  if (adopted === undefined) await launch();
  const url = urlAt(port);
  const supervisor = await supervise(
    () => takeLock(url),
    async () => {
      if (!runningServer(paths.cluster)) await launch();
    },
  );
  return {
    url,
    stop: async () => {
      await supervisor.stop();
      const running = runningServer(paths.cluster);
      if (!running) return;
      process.kill(running.pid, "SIGINT");
      while (isAlive(running.pid)) await sleep(20);
    },
  };

  async function launch(): Promise<void> {
    // One that was nobody's, or another folder's, is its own from now on.
    runAs.own(home);
    const log = openSync(join(directory, "server.log"), "a", 0o600);
    const flags = Object.entries({ ...SETTINGS, port: String(port), ...settings });
    // Detached: a Ctrl-C meant for the engine must not take the database away while the engine drains.
    const server = runAs.spawn(
      binaries.postgres,
      ["-D", paths.cluster, ...flags.flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { detached: true, stdio: ["ignore", log, log], env: { ...env } },
    );
    closeSync(log);
    server.unref();
    const died = once(server, "exit").then(() => false);
    if (await Promise.race([answers(urlAt(port), START_MS), died])) return;
    throw new BotenstoffError("STORE_UNAVAILABLE", "starting the embedded PostgreSQL: see server.log in its folder");
  }
}

/** The address of the cluster another engine runs; undefined while none does. */
export async function findEmbedded({ directory }: Pick<Options, "directory">): Promise<string | undefined> {
  const home = resolve(directory);
  const running = runningServer(join(home, "cluster"));
  if (!running) return undefined;
  const url = `postgres://${USER}:${readFileSync(join(home, "password"), "utf8")}@127.0.0.1:${running.port}/postgres`;
  return (await answers(url, ADOPT_MS)) ? url : undefined;
}

async function initialise(
  binaries: Binaries,
  runAs: RunAs,
  home: string,
  paths: { cluster: string; password: string },
): Promise<void> {
  // What an interrupted first start left is not a cluster.
  rmSync(paths.cluster, { recursive: true, force: true });
  mkdirSync(paths.cluster, { mode: 0o700 });
  const password = randomBytes(24).toString("hex");
  writeFileSync(paths.password, password, { mode: 0o600 });
  runAs.lend(home);
  runAs.lend(paths.cluster);
  const initdb = runAs.initialise(
    "/bin/sh",
    [
      // What Node writes to is a socket, which cannot be opened by its name as a pipe can.
      ...["-c", 'cat | "$0" "$@"', binaries.initdb],
      ...["-D", paths.cluster, "-U", USER, "--encoding=UTF8", "--locale=C", "--data-checksums"],
      // By its input, so that the file is for nobody else's eyes at any time.
      ...["--auth=scram-sha-256", "--pwfile=/dev/stdin"],
    ],
    { stdio: ["pipe", "ignore", "pipe"], env: {} },
  );
  initdb.stdin?.on("error", () => undefined);
  initdb.stdin?.end(`${password}\n`);
  const errors: Buffer[] = [];
  initdb.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  const [code] = (await once(initdb, "close")) as [number | null];
  if (code === 0) return;
  throw new BotenstoffError(
    "STORE_UNAVAILABLE",
    `making the embedded database: initdb ended with ${code}: ${Buffer.concat(errors).toString("utf8").trim()}`,
  );
}

/** The live postmaster of a cluster, from its pid file (line 1 pid, line 4 port). */
function runningServer(cluster: string): { pid: number; port: number } | undefined {
  const file = join(cluster, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 && port > 0 && isAlive(pid) ? { pid, port } : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether the server takes our password within the time. */
async function answers(url: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

/** A session's lock dies with the process that holds it, however it dies. */
async function takeLock(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, keepAlive: true });
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [LOCKS.engine]);
  if (rows[0]?.taken) return client;
  await client.end();
  throw new BotenstoffError("DATA_DIR_IN_USE", "starting: another engine uses this data directory's database");
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
