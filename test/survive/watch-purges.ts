import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** When each message's tombstone was first seen, in milliseconds by a clock that no fault sets; by message id. */
export interface PurgeWatch {
  readonly seen: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const EVERY_MS = 100;

/** Looks past the engines: they show the times their own clocks said. */
export function watchPurges(url: string): PurgeWatch {
  const seen = new Map<string, number>();
  let stopped = false;

  async function look(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ id: string }>("SELECT message_id AS id FROM tombstone");
    for (const { id } of rows) if (!seen.has(id)) seen.set(id, Date.now());
  }

  const isStopped = () => stopped;

  async function watch(): Promise<void> {
    while (!isStopped()) {
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => undefined);
      try {
        await client.connect();
        for (;;) {
          await look(client);
          if (isStopped()) break;
          await sleep(EVERY_MS);
        }
      } catch {
        // PostgreSQL is away, or the engines have not migrated it yet.
        await sleep(EVERY_MS);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  const watching = watch();
  return {
    seen,
    stop: async () => {
      stopped = true;
      await watching;
    },
  };
}
