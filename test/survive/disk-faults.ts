import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Fault } from "./faults.ts";

const MISSING = "no disk can be mounted here";
/** Less than the engine's watermark. */
const LEFT_BYTES = 32 * 1024 * 1024;
/** More WAL segments than PostgreSQL keeps ready. */
const SEGMENTS = 40;

export const DISK_FAULTS: readonly Fault[] = [
  {
    name: "the disk fills up",
    inject: async ({ dataDisk, notPlayed }, random, tell) => {
      if (!dataDisk) {
        notPlayed.add(MISSING);
        return;
      }
      const empty = await dataDisk.fill(LEFT_BYTES);
      tell("the disk is full");
      await sleep(random.int(500, 2_000));
      empty();
      tell("the disk has room again");
    },
  },
  {
    name: "the disk of the database fills up",
    needs: "databaseDisk",
    inject: async (setting, random, tell) => {
      if (!setting.databaseDisk) {
        setting.notPlayed.add(MISSING);
        return;
      }
      const empty = await setting.databaseDisk.fill(0);
      tell("PostgreSQL's disk is full");
      if (random.chance(0.5)) {
        const end = await useUpLog(setting.databaseUrl);
        tell(`its log needs room: ${end}`);
      }
      await sleep(random.int(500, 4_000));
      empty();
      tell("PostgreSQL's disk has room again");
      await setting.reachPostgres();
      tell("PostgreSQL runs");
    },
  },
];

/** Asks for new segments of the log until there is no room for one, which PostgreSQL does not survive. @returns what it said */
async function useUpLog(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    for (let segment = 0; segment < SEGMENTS; segment += 1) {
      await client.query("SELECT pg_logical_emit_message(false, 'survive', 'full'), pg_switch_wal()");
    }
    return `nothing within ${SEGMENTS} segments`;
  } catch (error) {
    return Error.isError(error) ? error.message : String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
