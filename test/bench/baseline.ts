import type { Arena } from "./arena.ts";
import type { Child } from "./child.ts";
import type { BaselinePlan } from "./processes/baseline.ts";
import type { LoadReport, WebhookPlan, WebhookRun } from "./processes/webhook-load.ts";
import { round } from "./latency.ts";

/** Share of the scenario's messages the baseline is measured with. */
const SHARE = 0.5;

/**
 * The same load against the least that could do it: raw HTTP, one durable insert per message, one frame to the sink if
 * there is one. Messages per second, in the same run on the same machine.
 */
export async function measureBaseline(
  arena: Arena,
  load: Child,
  plan: WebhookPlan,
  sinkPort?: number,
): Promise<number> {
  const process = arena.startChild("baseline");
  const port = await process.call<number>("listen", {
    databaseUrl: arena.database.url,
    ...(sinkPort !== undefined && { sinkPort }),
  } satisfies BaselinePlan);
  const messages = Math.round(plan.messages * SHARE);
  let perSecond = 0;
  // The first pass warms up.
  for (const count of [Math.min(3_000, messages), messages]) {
    await load.call("prepare", { ...plan, messages: count });
    const { seconds } = await load.call<LoadReport>("run", { ports: [port] } satisfies WebhookRun);
    perSecond = round(count / seconds, 0);
  }
  await load.call("forget");
  await process.end();
  return perSecond;
}
