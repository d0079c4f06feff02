import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

const ATTEMPTS = 120;
const PAUSE_MS = 250;

/** Resolves once a PostgreSQL takes connections: whoever supervises it starts it again at its address when it dies. */
export async function untilAnswered(url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
