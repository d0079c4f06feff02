import { openStore } from "#src/store/data-source.ts";
import { listMessages, type MessageFilter } from "#src/store/sql/list-messages.ts";
import { getMessage } from "#src/store/sql/messages.ts";
import { openArena, type Arena } from "../arena.ts";
import { fill, FILLED_PATIENT, filledHash } from "../fill.ts";
import { round } from "../latency.ts";
import { atMost, type Scenario } from "../scenario.ts";

/** Finding messages among very many, and starting on top of them. */
export const stored: Scenario = {
  name: "stored",
  title: "finding a message among 1,000,000; starting with them and 200 channels",
  run: async (settings) => {
    const arena = await openArena(settings);
    try {
      const messages = settings.quick ? 20_000 : 1_000_000;
      arena.env["KIS_MLLP_PORT"] = "9";
      const channels = (await arena.deploy("text-to-mdm", 200)).map(({ id }) => id);
      await fill(arena, messages, channels);
      const found = await find(arena, messages, channels[0] ?? "");
      const started = performance.now();
      await arena.startEngine();
      const startMs = performance.now() - started;
      return {
        figures: { "messages stored": messages, channels: channels.length, ...found },
        targets: [
          atMost("slowest of the questions, ms", 100, Math.max(...Object.values(found))),
          atMost("start to listening, ms", 3_000, round(startMs, 0)),
        ],
        faults: [],
      };
    } finally {
      await arena.close();
    }
  },
};

/** Milliseconds of each question the message browser asks, the first time and on a connection of its own. */
async function find(arena: Arena, messages: number, channel: string): Promise<Record<string, number>> {
  const store = await openStore(arena.database.url);
  const hash = async (expression: string) => {
    const [row] = await arena.database.rows<{ hash: Buffer }>(`SELECT ${expression} AS hash`);
    return row?.hash ?? Buffer.alloc(0);
  };
  const [some] = await arena.database.rows<{ id: string; seq: string }>(
    "SELECT id, seq FROM message ORDER BY seq OFFSET $1 LIMIT 1",
    [Math.floor(messages / 2)],
  );
  const patientBi = await hash(filledHash("bi", FILLED_PATIENT));
  const limit = 50;
  const questions: Record<string, MessageFilter> = {
    "by external id": { externalBi: await hash(filledHash("ext", 77)), limit },
    "by patient": { patientBis: [patientBi], limit },
    "by number": { contactBi: patientBi, limit },
    "the newest": { limit },
    "from the middle on, back in time": { before: Number(some?.seq), limit },
    "by a common state": { state: "filed", limit },
    "by a state nothing is in": { state: "failed", limit },
    "by state and channel": { state: "filed", channel, limit },
    "by a channel": { channel, limit },
  };
  const times: Record<string, number> = {};
  const time = async (name: string, ask: () => Promise<unknown>) => {
    const started = performance.now();
    await ask();
    times[`${name}, ms`] = round(performance.now() - started);
  };
  await time("by id", () => getMessage(store.reading, some?.id ?? ""));
  for (const [name, filter] of Object.entries(questions)) await time(name, () => listMessages(store.reading, filter));
  await store.close();
  return times;
}
