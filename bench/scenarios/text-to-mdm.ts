import { openArena, type Arena } from "../arena.ts";
import { measureBaseline } from "../baseline.ts";
import { round } from "../latency.ts";
import { meter } from "../meter.ts";
import { arrivalFaults, filedLatency, loadFaults, waitForMessages } from "../outcome.ts";
import type { MllpSinkReport } from "../processes/mllp-sink.ts";
import type { LoadReport, WebhookPlan, WebhookRun } from "../processes/webhook-load.ts";
import { atLeast, atMost, type Result, type Scenario, type Settings } from "../scenario.ts";

const CONNECTIONS = 32;
const CONVERSATIONS = 512;
const WARM_UP = 1_000;

/** The main job with text: a webhook becomes an MDM, acknowledged AA and settled, each conversation in its order. */
export const textToMdm: Scenario = {
  name: "text-to-mdm",
  title: "text webhook → MDM (AA) → settled",
  run: async (settings) => {
    const arena = await openArena(settings);
    try {
      return await measure(arena, settings);
    } finally {
      await arena.close();
    }
  },
};

async function measure(arena: Arena, { quick }: Settings): Promise<Result> {
  const messages = quick ? 3_000 : 20_000;
  const channels = await arena.deploy("text-to-mdm");
  const { phoneNumberId, appSecret } = arena.secrets;
  const plan: WebhookPlan = {
    phoneNumberId,
    appSecret,
    messages,
    conversations: CONVERSATIONS,
    connections: CONNECTIONS,
    channels,
  };
  const load = arena.startChild("webhook-load");
  const sink = arena.startChild("mllp-sink");
  const sinkPort = await sink.call<number>("listen");
  const baseline = await measureBaseline(arena, load, plan, sinkPort);
  await sink.call("forget");
  arena.env["KIS_MLLP_PORT"] = String(sinkPort);
  await arena.admit(CONVERSATIONS);
  const engine = await arena.startEngine();
  const port = Number(new URL(engine.url).port);

  const faults: string[] = [];
  let filed = 0;
  const post = async (count: number, perSecond?: number) => {
    await load.call("prepare", { ...plan, messages: count });
    const run: WebhookRun = { ports: [port], ...(perSecond !== undefined && { perSecond }) };
    const started = performance.now();
    faults.push(...loadFaults(await load.call<LoadReport>("run", run)));
    filed += count;
    await waitForMessages(arena.database, ["filed"], filed);
    return { messages: count, seconds: (performance.now() - started) / 1_000 };
  };
  await post(WARM_UP);
  const { cost } = await meter(arena, () => post(messages));
  const half = Math.min(messages, Math.round(cost.perSecond / 2) * (quick ? 2 : 10));
  await post(half, cost.perSecond / 2);
  const latency = await filedLatency(arena.database, half);
  faults.push(...arrivalFaults("the MLLP sink", await sink.call<MllpSinkReport>("report"), filed));
  return {
    cost,
    baselinePerSecond: baseline,
    latency: { "to filed at half rate": latency },
    targets: [
      atLeast("messages/s", 1_000, cost.perSecond),
      atMost("commits per message", 0.3, cost.commits),
      atMost("engine resident memory, MiB", 300, cost.residentMiB),
    ],
    figures: { "of the bare baseline": round(cost.perSecond / baseline, 2) },
    faults,
  };
}
