import { startEngineProcess } from "./engine-process.ts";
import { freePort } from "./free-port.ts";
import { tellStory, type Told } from "./story.ts";
import { openWorld, type World } from "./world.ts";

interface Options {
  /** End by itself instead of staying up. */
  readonly exit: boolean;
  readonly write: (line: string) => void;
}

/** Seconds, so that a purge can be watched. */
const EPOCH = "PT5S";
const WANTED_PORT = 8080;

/** The demo: simulators here, the real engine in a process of its own. Resolves with the exit code. */
export async function runDemo({ exit, write }: Options): Promise<number> {
  const started = performance.now();
  const stop = untilSignal();
  const world = await openWorld(EPOCH, await freePort("127.0.0.1", WANTED_PORT));
  try {
    write("starting the engine on an embedded PostgreSQL …");
    const engine = await startEngineProcess({ env: world.env });
    try {
      const say = (step: string, detail: string) => write(`${step.padEnd(12)} ${detail}`);
      say("started", `${engine.url} (process ${engine.pid})`);
      const told = await Promise.race([tellStory(world, engine, say), stop]);
      if (!told) return 1;
      for (const fault of told.faults) say("FAULT", fault);
      if (!exit) {
        sayUrls(write, world, engine.url);
        await stop;
      }
      const code = await engine.end("SIGTERM");
      return summarise(told, code, started, write);
    } finally {
      await engine.end("SIGTERM");
    }
  } finally {
    await world.close();
  }
}

function sayUrls(write: (line: string) => void, world: World, url: string): void {
  write("");
  write(`engine    ${url}/healthz   ${url}/metrics   ${url}/api/openapi.json`);
  write(`messages  curl -H 'Authorization: Bearer ${world.apiToken}' ${url}/api/v1/messages`);
  write(`webhook   ${url}/webhooks/whatsapp-to-kis   ADT by MLLP 127.0.0.1:${world.adtPort}`);
  write(
    `KIS       FHIR ${world.fhir.url}   MLLP 127.0.0.1:${world.mllp.port}   WhatsApp Cloud API ${world.whatsapp.url}`,
  );
  write("Ctrl-C ends it; nothing is kept.");
}

function summarise(told: Told, engineExit: number | string, started: number, write: (line: string) => void): number {
  const faults = [...told.faults, ...(engineExit === 0 ? [] : [`the engine ended with ${engineExit}`])];
  const ok = faults.length === 0;
  write(JSON.stringify({ ok, ...told, faults, seconds: Math.round((performance.now() - started) / 100) / 10 }));
  return ok ? 0 : 1;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
