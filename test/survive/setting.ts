import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startEngineProcess, type EngineProcess } from "#src/demo/engine-process.ts";
import { freePort } from "#src/demo/free-port.ts";
import { openWorld, type World } from "#src/demo/world.ts";
import { startEmbedded } from "#src/store/server/server.ts";
import { untilAnswered } from "../support/until-answered.ts";
import { openFakeClock, sweepFakeClocks, type FakeClock } from "./fake-clock.ts";
import type { History } from "./history.ts";
import { watchPurges, type PurgeWatch } from "./watch-purges.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

/** Short, so that a round sees purges and abandoned lanes being taken over. */
const EPOCH = "PT3S";
/** The channel's retention is the length of an epoch. */
export const AFTER_FILED_MS = 3_000;
export const LEASE_MS = 2_000;
/** Longer than a busy machine stands still. */
const FROZEN_AFTER = "PT6S";
const DATA_DISK_MB = 400;
const DATABASE_DISK_MB = 300;
/** So that its log needs room soon when there is none. */
const LITTLE_WAL = { max_wal_size: "64MB", min_wal_size: "32MB" };
const CHANNELS = fileURLToPath(new URL("channels", import.meta.url));
const MAPPINGS = fileURLToPath(new URL("mappings", import.meta.url));
const PRELOAD = new URL("crash-at.ts", import.meta.url).href;

/** One engine of a round; it may be dead at the moment. */
export interface EngineSlot {
  readonly name: string;
  readonly port: number;
  readonly adtPort: number;
  process: EngineProcess | undefined;
}

/** Everything a round plays with: real engines, a real PostgreSQL, the simulators, and the network between them. */
export interface Setting {
  readonly world: World;
  readonly engines: readonly EngineSlot[];
  readonly network: { readonly postgres: Proxy; readonly fhir: Proxy; readonly mllp: Proxy; readonly graph: Proxy };
  /** The last lines each engine logged, for a failure's story. */
  readonly logs: string[];
  /** Starts an engine, again and again while what it needs is away. @throws when it does not come up */
  start(slot: EngineSlot, env?: Readonly<Record<string, string>>, attempts?: number): Promise<void>;
  end(slot: EngineSlot, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** The engines' data directory lies on it; absent where none can be mounted. */
  readonly dataDisk: SmallDisk | undefined;
  /** PostgreSQL's cluster lies on it; absent where none can be mounted, or the round has no use for it. */
  readonly databaseDisk: SmallDisk | undefined;
  /** The clocks of PostgreSQL and of the engines; absent where libfaketime is missing, or the round has no use for it. */
  readonly clocks: Clocks | undefined;
  /** Faults this machine cannot play, and why. */
  readonly notPlayed: Set<string>;
  readonly purges: PurgeWatch;
  /** While it is there, some texts kill or freeze whoever maps them. */
  readonly poisonFile: string;
  /** PostgreSQL as it is, whatever the way to it is like. */
  readonly databaseUrl: string;
  /** The last lines PostgreSQL logged. */
  databaseLog(): Promise<string[]>;
  /** It is started again by whoever started it; the way to it stays down. */
  killPostgres(): Promise<void>;
  /** Opens the way to it once it answers. */
  reachPostgres(): Promise<void>;
  close(): Promise<void>;
}

/** Two clocks, which one machine would have in common. */
export interface Clocks {
  readonly engines: FakeClock;
  readonly database: FakeClock;
}

/** What a round's faults ask for beyond the usual. */
export interface Wishes {
  readonly clocks: boolean;
  readonly databaseDisk: boolean;
}

export async function openSetting(engineCount: number, history: History, wishes: Wishes): Promise<Setting> {
  const world = await openWorld(EPOCH, 0);
  const directory = join(world.directory, "postgres");
  const databaseDisk = wishes.databaseDisk ? mountSmallDisk(directory, DATABASE_DISK_MB) : undefined;
  const clocks = wishes.clocks ? openClocks(world.directory) : undefined;
  const server = await startEmbedded({
    directory,
    ...(databaseDisk && { settings: LITTLE_WAL }),
    ...(clocks && { env: clocks.database.single }),
  });
  const portOf = (url: string) => Number(new URL(url).port);
  const network = {
    postgres: await startProxy(portOf(server.url)),
    fhir: await startProxy(world.fhir.port),
    mllp: await startProxy(world.mllp.port),
    graph: await startProxy(world.whatsapp.port),
  };
  const dataDisk = mountSmallDisk(world.env["BOTENSTOFF_DATA_DIR"] ?? "", DATA_DISK_MB);
  const databaseUrl = new URL(server.url);
  databaseUrl.port = String(network.postgres.port);
  const purges = watchPurges(server.url);
  const logs: string[] = [];
  const poisonFile = join(world.directory, "poison");
  const engines: EngineSlot[] = [];
  for (let n = 1; n <= engineCount; n += 1) {
    engines.push({
      name: `engine ${n}`,
      port: await freePort("127.0.0.1"),
      adtPort: await freePort("127.0.0.1"),
      process: undefined,
    });
  }

  async function start(slot: EngineSlot, env: Readonly<Record<string, string>> = {}, attempts = 20): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        slot.process = await startEngineProcess({
          nodeArguments: ["--import", PRELOAD],
          env: {
            ...world.env,
            ...clocks?.engines.threaded,
            BOTENSTOFF_CHANNELS_DIR: CHANNELS,
            BOTENSTOFF_MAPPINGS_DIR: MAPPINGS,
            BOTENSTOFF_FROZEN_AFTER: FROZEN_AFTER,
            POISON_FILE: poisonFile,
            BOTENSTOFF_HTTP_PORT: String(slot.port),
            ADT_MLLP_PORT: String(slot.adtPort),
            BOTENSTOFF_LEASE: `PT${LEASE_MS / 1_000}S`,
            DATABASE_URL: databaseUrl.href,
            KIS_FHIR_URL: `http://127.0.0.1:${network.fhir.port}/fhir`,
            KIS_MLLP_PORT: String(network.mllp.port),
            WHATSAPP_GRAPH_URL: `http://127.0.0.1:${network.graph.port}`,
            ...env,
          },
          onLog: (line) => {
            logs.push(`${slot.name} ${line}`);
            if (logs.length > 2_000) logs.shift();
          },
        });
        history.add(`${slot.name} runs`);
        return;
      } catch (error) {
        if (attempt >= attempts) throw error;
        await sleep(250);
      }
    }
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    for (const slot of engines) await slot.process?.end("SIGKILL");
    for (const proxy of Object.values(network)) await proxy.close();
    await purges.stop();
    await server.stop();
    dataDisk?.unmount();
    databaseDisk?.unmount();
    if (clocks) sweepFakeClocks();
    await world.close();
    rmSync(world.directory, { recursive: true, force: true });
  }

  return {
    world,
    engines,
    network,
    logs,
    start,
    end: async (slot, signal) => {
      const running = slot.process;
      slot.process = undefined;
      await running?.end(signal);
    },
    dataDisk,
    databaseDisk,
    clocks,
    notPlayed: new Set(),
    purges,
    poisonFile,
    databaseUrl: server.url,
    databaseLog: async () => {
      const log = await readFile(join(directory, "server.log"), "utf8");
      return log.trimEnd().split("\n").slice(-20);
    },
    killPostgres: async () => {
      const pid = Number((await readFile(join(directory, "cluster", "postmaster.pid"), "utf8")).split("\n")[0]);
      process.kill(pid, "SIGKILL");
      network.postgres.set({ kind: "down" });
    },
    reachPostgres: async () => {
      await untilAnswered(server.url);
      network.postgres.set({ kind: "fair" });
    },
    close: () => (closing ??= close()),
  };
}

function openClocks(directory: string): Clocks | undefined {
  const engines = openFakeClock(directory, "engines");
  const database = openFakeClock(directory, "database");
  return engines && database && { engines, database };
}
