import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "#src/demo/api-client.ts";
import { startEngineProcess } from "#src/demo/engine-process.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { openWorld } from "#src/demo/world.ts";

/**
 * Measures the engine's resident memory while documents of 100 MB arrive at once: `node test/bench/attachments.ts [count] [MB]`.
 * The real engine in a process of its own, its embedded PostgreSQL, Meta's simulator on the loopback. The senders are
 * strangers, so the documents are fetched, hashed, checked and sealed, and then held. Prints its figures as JSON; ends
 * with status 1 when the engine needed more than 300 MB or a document did not come through whole.
 */
const [COUNT, MEGABYTES] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 100)];
const LIMIT_MB = 300;
const WITHIN_MS = 600_000;

/** Pseudo-random bytes in the shape of a PDF, so that nothing can be compressed or skipped. */
function document(): Buffer {
  const bytes = randomBytes(MEGABYTES * 1024 * 1024);
  bytes.write("%PDF-1.7\n", "latin1");
  const end = "\nstartxref\n0\n%%EOF\n";
  bytes.write(end, bytes.length - end.length, "latin1");
  return bytes;
}

/** A line of /proc/<pid>/status in MB; 0 once the process is gone. */
function memory(pid: number, line: "VmRSS" | "VmHWM"): number {
  try {
    const found = new RegExp(`^${line}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Math.round(Number(found?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

/** Resident memory of the processes that read files, all together. */
function readersOf(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  return children
    .map(Number)
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("inspector-process"))
    .reduce((sum, child) => sum + memory(child, "VmRSS"), 0);
}

const world = await openWorld("P1D");
const engine = await startEngineProcess({ env: world.env });
const api = new ApiClient(engine.url, world.apiToken);
const idleMb = memory(engine.pid, "VmRSS");
const bytes = document();
const sent = Array.from({ length: COUNT }, (_, index) => {
  const from = `49151${String(10_000_000 + index)}`;
  return { id: wamid(from), from, media: world.whatsapp.addMedia(bytes, "application/pdf") };
});

const started = performance.now();
await Promise.all(
  sent.map(({ id, from, media }) => {
    const content = { mime_type: "application/pdf", sha256: media.sha256, id: media.id, filename: "befund.pdf" };
    const message = {
      from,
      id,
      timestamp: String(Math.floor(Date.now() / 1_000)),
      type: "document",
      document: content,
    };
    const contact = { profile: { name: "" }, wa_id: from };
    const body = world.whatsapp.signedBody(world.whatsapp.batchBody([{ message, contact }]));
    return world.whatsapp.post(`${engine.url}/webhooks/whatsapp-to-kis`, body);
  }),
);

let readersMb = 0;
let states: (string | undefined)[];
do {
  await sleep(250);
  readersMb = Math.max(readersMb, readersOf(engine.pid));
  states = await Promise.all(sent.map(async ({ id }) => (await api.find(id))[0]?.state));
} while (!states.every((state) => state === "held") && performance.now() - started < WITHIN_MS);

const seconds = (performance.now() - started) / 1_000;
const peakMb = memory(engine.pid, "VmHWM");
const whole = await Promise.all(
  sent.map(async ({ id }) => {
    const message = await api.until(id, ["held", "received"], 1_000);
    return message.reason === "unknown" && message.attachments?.[0]?.bytes === bytes.length;
  }),
);
const figures = {
  documents: COUNT,
  megabytes_each: MEGABYTES,
  whole: whole.filter(Boolean).length,
  seconds: Math.round(seconds * 10) / 10,
  megabytes_per_second: Math.round((COUNT * MEGABYTES) / seconds),
  engine_idle_mb: idleMb,
  engine_peak_mb: peakMb,
  reader_processes_peak_mb: readersMb,
  limit_mb: LIMIT_MB,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
await engine.end("SIGTERM");
await world.close();
process.exitCode = figures.whole === COUNT && peakMb <= LIMIT_MB ? 0 : 1;
