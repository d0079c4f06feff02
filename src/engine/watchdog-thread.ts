import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const { beat, everyMs, missed } = workerData as { beat: Int32Array; everyMs: number; missed: number };
let [last, silent] = [-1, 0];

setInterval(() => {
  const now = Atomics.load(beat, 0);
  silent = now === last ? silent + 1 : 0;
  last = now;
  if (silent < missed) return;
  // The thread that logs is the one that stands still.
  const line = { level: "error", time: new Date().toISOString(), event: "engine.frozen" };
  writeSync(1, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, "SIGKILL");
}, everyMs);
