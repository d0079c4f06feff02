import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEngineProcess, type EngineProcess } from "#src/demo/engine-process.ts";
import { createMasterKey } from "#src/seal/keyring/master-key.ts";
import { openFoundation } from "#src/engine/foundation.ts";
import { readSettings } from "#src/engine/settings.ts";
import { startChild, type Child } from "./child.ts";
import type { Database, Server } from "./database.ts";
import { phoneOf } from "./marker.ts";
import type { Metered } from "./meter.ts";

const BENCH = fileURLToPath(new URL(".", import.meta.url));

/** Everything one scenario runs in: a database and a data directory of its own, engines, and the benchmark's processes. */
export interface Arena extends Metered {
  readonly database: Database;
  readonly appSecret: string;
  /** More for the engines' environment; read when one starts. */
  readonly env: Record<string, string>;
  /** Copies `channels/<name>.yaml`, under `count` ids (`name`, `name-2`, …) and with as many business numbers. */
  deploy(name: string, count?: number): Promise<Deployed[]>;
  /** Registers one patient per conversation in the directory, as an ADT would. */
  admit(conversations: number): Promise<void>;
  startEngine(): Promise<EngineProcess>;
  startChild(name: string): Child;
  close(): Promise<void>;
}

/** A channel of an arena. */
export interface Deployed {
  readonly id: string;
  /** Its business number, for channels that have one. */
  readonly phoneNumberId: string;
}

const FIRST_NUMBER = 106_540_352_242_922;

export interface ArenaOptions {
  readonly server: Server;
  /** Folder for CPU profiles of the engines. */
  readonly profile?: string;
  /** An arena that was closed to connections, of whose database and data directory this one gets a copy. */
  readonly like?: Arena | undefined;
}

let arenas = 0;
const running = new Set<EngineProcess>();

/** Ends the engines of arenas nobody will close: their files and their database are about to go. */
export async function killEngines(): Promise<void> {
  await Promise.all([...running].map((engine) => engine.end("SIGKILL")));
}

export async function openArena({ server, profile, like }: ArenaOptions): Promise<Arena> {
  const directory = await mkdtemp(join(server.directory, "arena-"));
  arenas += 1;
  const database = await server.create(`bench_${process.pid}_${arenas}`, like?.database);
  const appSecret = secret();
  const channels = join(directory, "channels");
  await mkdir(channels);
  const masterKey = join(directory, "master.key");
  const data = join(directory, "data");
  if (like) {
    await cp(like.env["BOTENSTOFF_MASTER_KEY_FILE"] ?? "", masterKey);
    await cp(like.env["BOTENSTOFF_DATA_DIR"] ?? "", data, { recursive: true });
  } else createMasterKey(masterKey);
  const env: Record<string, string> = {
    BOTENSTOFF_HTTP_PORT: "0",
    BOTENSTOFF_DATA_DIR: data,
    BOTENSTOFF_MASTER_KEY_FILE: masterKey,
    BOTENSTOFF_CHANNELS_DIR: channels,
    DATABASE_URL: database.url,
    LOG_LEVEL: "warn",
    WHATSAPP_APP_SECRET: appSecret,
    WHATSAPP_VERIFY_TOKEN: secret(),
    WHATSAPP_ACCESS_TOKEN: secret(),
    ...(profile !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }),
  };
  const engines: EngineProcess[] = [];
  const pids: number[] = [];
  const children: Child[] = [];
  return {
    database,
    appSecret,
    env,
    engines: pids,
    serverPid: server.pid,
    deploy: async (name, count = 1) => {
      const text = await readFile(join(BENCH, "channels", `${name}.yaml`), "utf8");
      const copies = Array.from({ length: count }, (_, index) => ({
        id: index === 0 ? name : `${name}-${index + 1}`,
        phoneNumberId: String(FIRST_NUMBER + index),
      }));
      for (const { id, phoneNumberId } of copies) {
        const copy = text
          .replace(`id: ${name}\n`, `id: ${id}\n`)
          .replace("${WHATSAPP_PHONE_NUMBER_ID}", `"${phoneNumberId}"`);
        await writeFile(join(channels, `${id}.yaml`), copy);
      }
      return copies;
    },
    admit: (conversations) => admit(env, conversations),
    startEngine: async () => {
      let refused = "";
      const engine = await startEngineProcess({
        env,
        onLog: (line) => {
          if (line.includes("channel.refused")) refused = line;
          else process.stderr.write(`  engine: ${line}\n`);
        },
      });
      engines.push(engine);
      running.add(engine);
      void engine.ended.then(() => running.delete(engine));
      pids.push(engine.pid);
      if (refused !== "") throw new Error(`a channel was refused: ${refused}`);
      return engine;
    },
    startChild: (name) => {
      const child = startChild(name);
      children.push(child);
      return child;
    },
    close: async () => {
      await Promise.all(engines.map((engine) => engine.end("SIGTERM")));
      await Promise.all(children.map((child) => child.end()));
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function admit(env: Record<string, string>, conversations: number): Promise<void> {
  const foundation = await openFoundation(readSettings(env), () => undefined);
  try {
    for (let conversation = 0; conversation < conversations; conversation += 1) {
      const told = {
        stamp: "2026-01-01T00:00:00.000Z",
        patient: {
          identifiers: [{ value: `P${conversation}`, authority: "1.2.276.0.76.4.1", type: "PI" }],
          familyName: "Musterfrau",
          givenName: "Erika",
          birthDate: "1964-08-12",
          sex: "F",
          phones: { "PID-13": [phoneOf(conversation)] },
        },
        case: {
          number: { value: `C${conversation}`, authority: "1.2.276.0.76.4.1", type: "VN" },
          state: { is: "open", certain: true },
          class: "I",
        },
      } as const;
      await foundation.directory.apply({ type: "update", updates: [told] });
    }
  } finally {
    await foundation.close();
  }
}

function secret(): string {
  return randomBytes(16).toString("hex");
}
