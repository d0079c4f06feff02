import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivalReport } from "./arrivals.ts";
import type { Database } from "./database.ts";
import { latencyOf, type Latency } from "./latency.ts";
import type { LoadReport } from "./processes/webhook-load.ts";

const LOOK_EVERY_MS = 100;
const PATIENCE_MS = 60_000;

/** Waits until so many messages of the channels are filed. @throws Error when they do not get there */
export async function waitForMessages(database: Database, channels: readonly string[], wanted: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    // Open lanes are few whatever is stored; counting messages all the time would be load of its own.
    const [open] = await database.rows<{ open: boolean }>("SELECT EXISTS (SELECT FROM lane WHERE open > 0) AS open");
    if (!open?.open && (await countMessages(database, ["filed"], channels)) >= wanted) return;
    if (performance.now() > deadline) {
      const states = await database.rows<object>(
        `SELECT message.state, reason, coalesce(message.last_error, delivery.last_error) AS error, count(*)
         FROM message LEFT JOIN delivery ON message_id = id WHERE message.channel = ANY ($1) GROUP BY 1, 2, 3`,
        [channels],
      );
      throw new Error(`${wanted} messages did not settle: ${JSON.stringify(states)}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

export async function countMessages(
  database: Database,
  states: readonly string[],
  channels: readonly string[],
): Promise<number> {
  const [row] = await database.rows<{ count: string }>(
    "SELECT count(*) FROM message WHERE state = ANY ($1) AND channel = ANY ($2)",
    [states, channels],
  );
  return Number(row?.count);
}

/** From receipt to `filed`, over the newest messages. */
export async function filedLatency(database: Database, newest: number): Promise<Latency> {
  const rows = await database.rows<{ ms: number }>(
    `SELECT extract(epoch FROM filed_at - received_at)::float8 * 1000 AS ms FROM message
     WHERE filed_at IS NOT NULL ORDER BY seq DESC LIMIT $1`,
    [newest],
  );
  return latencyOf(rows.map(({ ms }) => ms));
}

/** What the answers say against the invariants: every request was answered with 200. */
export function loadFaults({ answers }: LoadReport): string[] {
  return Object.entries(answers)
    .filter(([status]) => status !== "200")
    .map(([status, count]) => `${count} webhooks were answered ${status}`);
}

/** What the sink says against the invariants, of `wanted` messages acknowledged to their sender. */
export function arrivalFaults(sink: string, report: ArrivalReport, wanted: number): string[] {
  const { distinct, repeated, outOfOrder, unmarked } = report;
  return [
    ...(distinct === wanted ? [] : [`I1: ${sink} holds ${distinct} messages of ${wanted}`]),
    ...(repeated === 0 ? [] : [`I2: ${sink} got ${repeated} messages more than once`]),
    ...(outOfOrder === 0 ? [] : [`order: ${sink} got ${outOfOrder} messages out of their conversation's order`]),
    ...(unmarked === 0 ? [] : [`${sink} got ${unmarked} messages without a marker`]),
  ];
}
