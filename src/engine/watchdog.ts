import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

const BEATS_PER_LIMIT = 12;

/**
 * Ends a process whose event loop has stood still for too long: nothing it says or does is worth waiting for, and whoever
 * supervises it starts it again. The thread counts its own ticks, so a machine that was suspended, or a clock that was set,
 * ends nobody.
 */
export function watchMainThread(limitMs: number): { stop(): Promise<void> } {
  const beat = new Int32Array(new SharedArrayBuffer(4));
  const everyMs = limitMs / BEATS_PER_LIMIT;
  const timer = setInterval(() => Atomics.add(beat, 0, 1), everyMs / 2).unref();
  const thread = new Worker(fileURLToPath(new URL("watchdog-thread.ts", import.meta.url)), {
    workerData: { beat, everyMs, missed: BEATS_PER_LIMIT },
    execArgv: [],
    env: {},
  });
  thread.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}
