import { openStore, type Store } from "#src/store/data-source.ts";
import { listMessages, type MessageFilter } from "#src/store/sql/list-messages.ts";
import { openArena, type Arena } from "../arena.ts";
import { fill, filledHash } from "../fill.ts";
import { latencyOf, round } from "../latency.ts";
import { atMost, type Scenario } from "../scenario.ts";

const CHANNELS = ["one", "two", "three", "four"];
const QUESTIONS = 400;
const PER_PAGE = 50;

/** Any combination of what the browser can ask. */
export const find: Scenario = {
  name: "find",
  title: "finding messages by any combination among 1,000,000",
  run: async (settings) => {
    const arena = await openArena(settings);
    try {
      const messages = settings.quick ? 20_000 : 1_000_000;
      await fill(arena, messages, CHANNELS);
      for (const statement of MIXED) await arena.database.rows(statement);
      await arena.database.rows("VACUUM (ANALYZE) message, delivery");
      await arena.database.rows("CHECKPOINT");
      const store = await openStore(arena.database.url);
      const { times, slowest } = await ask(arena, store, messages).finally(() => store.close());
      const { p50, p95, p99, max } = { ...latencyOf(times), p95: p95Of(times) };
      return {
        figures: {
          "messages stored": messages,
          questions: QUESTIONS,
          "p50, ms": p50,
          "p99, ms": p99,
          "max, ms": max,
          slowest,
        },
        targets: [atMost("a page by any combination, p95, ms", 100, p95)],
        faults: [],
      };
    } finally {
      await arena.close();
    }
  },
};

/** What a filled database lacks: other kinds, held ones, failures, deliveries that came through at the third attempt. */
const MIXED = [
  "UPDATE message SET kind = CASE WHEN seq % 5000 = 7 THEN 'location' ELSE 'image' END WHERE seq % 6 = 1 OR seq % 5000 = 7",
  `UPDATE message SET state = 'held', filed_at = NULL,
     reason = (ARRAY['unknown', 'ambiguous', 'unverified', 'quarantine'])[1 + (seq / 100) % 4] WHERE seq % 300 = 3`,
  "UPDATE message SET state = 'failed', filed_at = NULL WHERE seq % 997 = 5",
  "UPDATE delivery SET state = 'failed', last_error = 'DESTINATION_REFUSED: x' WHERE seq % 997 = 5",
  "UPDATE delivery SET attempts = 3, last_error = 'DESTINATION_UNREACHABLE: x' WHERE seq % 101 = 9",
];

/** Each question once, in an order that a seed says; what is asked for exists or does not. */
async function ask(arena: Arena, store: Store, messages: number) {
  const random = seeded(42);
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const hash = async (expression: string) => {
    const [row] = await arena.database.rows<{ hash: Buffer }>(`SELECT ${expression} AS hash`);
    return row?.hash ?? Buffer.alloc(0);
  };
  const at = () => new Date(Date.now() - random() * 30 * 86_400_000);
  const times: number[] = [];
  let slowest = { ms: 0, question: "" };
  for (let nth = 0; nth < QUESTIONS; nth += 1) {
    const person = await hash(filledHash("bi", Math.floor((random() * messages) / 40)));
    const [from, until] = [at(), at()].toSorted((a, b) => a.getTime() - b.getTime());
    const members: Partial<MessageFilter>[] = [
      { state: one("filed", "held", "failed", "received", "purged") },
      { channel: one(...CHANNELS) },
      { channels: CHANNELS.slice(0, 2) },
      { reason: one("unknown", "ambiguous", "quarantine", "number_moved") },
      { kind: one("text", "image", "location", "video") },
      { destination: one("archive", "chart") },
      { code: one("DESTINATION_REFUSED", "DESTINATION_UNREACHABLE", "STORE_UNAVAILABLE") },
      { from },
      { until },
      { from, until },
      { patientBis: [person] },
      { contactBi: person },
      { externalBi: await hash(filledHash("ext", Math.floor(random() * messages))) },
      { before: Math.floor(random() * messages) },
    ];
    const chosen = Array.from({ length: 1 + Math.floor(random() * 4) }, () => one(...members));
    const filter: MessageFilter = { ...Object.assign({}, ...chosen), limit: PER_PAGE + 1 };
    const started = performance.now();
    await listMessages(store.reading, filter);
    const ms = performance.now() - started;
    times.push(ms);
    if (ms > slowest.ms) slowest = { ms, question: Object.keys(filter).join(" ") };
  }
  return { times, slowest: `${slowest.question} (${round(slowest.ms)} ms)` };
}

function p95Of(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return round(sorted[Math.floor(sorted.length * 0.95)] ?? NaN);
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
