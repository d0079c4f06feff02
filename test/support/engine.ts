import { openWorld, type World } from "#src/demo/world.ts";
import type { Log } from "#src/pipeline/deps.ts";
import { startEngine, type Engine } from "../../src/main.ts";
import { readSettings } from "../../src/settings.ts";
import { createTestStore, type TestStore } from "./database.ts";

export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly world: World;
  readonly database: TestStore;
  /** Every log line, as JSON. */
  readonly logged: readonly string[];
  readonly webhook: string;
}

/** The whole engine in this process, on a database of its own, between the simulators. */
export async function startTestEngine(env: Readonly<Record<string, string>> = {}): Promise<TestEngine> {
  const database = await createTestStore();
  const world = await openWorld("P1D");
  const logged: string[] = [];
  const log: Log = (...line) => void logged.push(JSON.stringify(line));
  const settings = readSettings({ ...world.env, DATABASE_URL: database.url, ...env });
  const engine = await startEngine(settings, log);
  return {
    engine,
    world,
    database,
    logged,
    webhook: `${engine.url}/webhooks/whatsapp-to-kis`,
    [Symbol.asyncDispose]: async () => {
      await engine.stop();
      await world.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
