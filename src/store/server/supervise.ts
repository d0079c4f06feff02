import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";

const AGAIN_MS = 500;

/**
 * Keeps one session open as long as the server is wanted. A session that ends by itself means that the server has died
 * (the kernel chose it, out of memory) or is restarting: `revive` brings it back, as often as it takes.
 * @param hold opens the session; rejects while the server is away
 * @param revive starts the server unless it runs
 */
export async function supervise(
  hold: () => Promise<Client>,
  revive: () => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  let stopping = false;
  let session: Client;
  let reviving = Promise.resolve();

  async function watch(): Promise<void> {
    session = await hold();
    session.once("end", () => {
      if (!stopping) reviving = bringBack();
    });
  }

  async function bringBack(): Promise<void> {
    while (!stopping) {
      try {
        await revive();
        await watch();
        return;
      } catch {
        await sleep(AGAIN_MS);
      }
    }
  }

  await watch();
  return {
    stop: async () => {
      stopping = true;
      await reviving;
      await session.end();
    },
  };
}
