import type { Log } from "#src/telemetry/log.ts";
import { startEngine } from "./start.ts";
import type { Settings } from "./settings.ts";
import { watchMainThread } from "./watchdog.ts";

/** Runs the engine until SIGTERM or SIGINT, or until the parent that started it over IPC is gone; then drains. */
export async function serve(settings: Settings, log: Log): Promise<number> {
  const told = toldToEnd();
  const watchdog = watchMainThread(settings.frozenMs);
  const engine = await startEngine(settings, log);
  process.send?.({ url: engine.url });
  const reason = await told;
  log("info", "engine.stopping", { reason });
  await engine.stop();
  await watchdog.stop();
  // An open channel to the parent would keep this process alive.
  if (process.connected) process.disconnect();
  return 0;
}

/** Listened for from the beginning: who is told while it starts, starts and ends; told a second time, it ends at once. */
function toldToEnd(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
    if (process.send) process.once("disconnect", () => resolve("parent gone"));
  });
}
