import { startEngineProcess } from "./engine-process.ts";
import { freePort } from "./free-port.ts";
import { startPhone } from "./phone.ts";
import { playScenes } from "./scenes.ts";
import { offerSignIn } from "./sign-in.ts";
import { CHANNEL, PHONE, tellStory, type Told } from "./story.ts";
import { openWorld, type World } from "./world.ts";

interface Options {
  /** End by itself instead of staying up. */
  readonly exit: boolean;
  readonly write: (line: string) => void;
}

/** Seconds, so that a purge can be watched. */
const EPOCH = "PT5S";
const WANTED_PORT = 8080;
/** Once the purge was seen, what comes stays long enough to be looked at. */
const STAYS = "P1D";

/** The demo: simulators here, the real engine in a process of its own. Resolves with the exit code. */
export async function runDemo({ exit, write }: Options): Promise<number> {
  const started = performance.now();
  const stop = untilSignal();
  const world = await openWorld(EPOCH, await freePort("127.0.0.1", wantedPort()));
  try {
    write("starting the engine on an embedded PostgreSQL …");
    const engine = await startEngineProcess({ env: world.env });
    try {
      const say = (step: string, detail: string) => write(`${step.padEnd(12)} ${detail}`);
      say("started", `${engine.url} (process ${engine.pid})`);
      const told = await Promise.race([tellStory(world, engine, say), stop]);
      if (!told) return 1;
      for (const fault of told.faults) say("FAULT", fault);
      const code = await engine.end("SIGTERM");
      if (!exit) await stayUp(world, write, stop);
      return summarise(told, code, started, write);
    } finally {
      await engine.end("SIGTERM");
    }
  } finally {
    await world.close();
  }
}

/** The engine anew on the same store, with messages to look at, until somebody ends it. */
async function stayUp(world: World, write: (line: string) => void, stop: Promise<void>): Promise<void> {
  const signIn = await offerSignIn(world.directory, `http://127.0.0.1:${world.env["BOTENSTOFF_HTTP_PORT"] ?? ""}`);
  const env = { ...world.env, BOTENSTOFF_AFTER_FILED: STAYS, ...signIn?.env };
  const engine = await startEngineProcess({ env });
  const phone = await startPhone(world.whatsapp, `${engine.url}/webhooks/${CHANNEL}`, PHONE);
  try {
    await Promise.race([playScenes(world, engine), stop]);
    sayUrls(write, world, { url: engine.url, phone: phone.url });
    for (const line of signIn?.lines ?? []) write(line);
    write("Ctrl-C ends it; nothing is kept.");
    await stop;
  } finally {
    await signIn?.close();
    await phone.close();
    await engine.end("SIGTERM");
  }
}

/** BOTENSTOFF_HTTP_PORT where it names a port; otherwise 8080 if it is free. */
function wantedPort(): number {
  const port = Number(process.env["BOTENSTOFF_HTTP_PORT"] ?? "");
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : WANTED_PORT;
}

function sayUrls(
  write: (line: string) => void,
  world: World,
  { url, phone }: { readonly url: string; readonly phone: string },
): void {
  write("");
  write(`engine    ${url}/healthz   ${url}/metrics   ${url}/api/openapi.json`);
  write(`messages  curl -H 'Authorization: Bearer ${world.apiToken}' ${url}/api/v1/messages`);
  write(`webhook   ${url}/webhooks/whatsapp-to-kis   ADT by MLLP 127.0.0.1:${world.adtPort}`);
  write(
    `KIS       FHIR ${world.fhir.url}   MLLP 127.0.0.1:${world.mllp.port}   WhatsApp Cloud API ${world.whatsapp.url}`,
  );
  write(`look      BOTENSTOFF_URL=${url} BOTENSTOFF_API_TOKEN=${world.apiToken} npx botenstoff messages`);
  write(`write     curl -d 'Guten Morgen' ${phone}   (as the patient; ${phone}4915199999999 as a stranger)`);
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
