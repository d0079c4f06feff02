import { openArena, type Arena } from "../arena.ts";
import { meter } from "../meter.ts";
import { countMessages, loadFaults } from "../outcome.ts";
import { measureBaseline } from "../baseline.ts";
import type { LoadReport, WebhookPlan, WebhookRun } from "../processes/webhook-load.ts";
import { round } from "../latency.ts";
import { atLeast, atMost, type Result, type Scenario, type Settings } from "../scenario.ts";

const CONNECTIONS = 64;
const CONVERSATIONS = 512;

/** Signed text webhooks, each answered after its commit. The senders are strangers: what follows is identified and held. */
export const intake: Scenario = {
  name: "intake",
  title: "signed text webhook → durable 200",
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
  const [warmUp, messages] = quick ? [2_000, 3_000] : [10_000, 30_000];
  const channels = await arena.deploy("intake");
  const ids = channels.map(({ id }) => id);
  const { appSecret } = arena;
  const plan = { appSecret, messages, conversations: CONVERSATIONS, connections: CONNECTIONS, channels };
  const load = arena.startChild("webhook-load");
  const sink = arena.startChild("mllp-sink");
  const sinkPort = await sink.call<number>("listen");
  const before = await measureBaseline(arena, load, plan, sinkPort);
  const insertAlone = await measureBaseline(arena, load, plan);
  const engine = await arena.startEngine();
  const port = Number(new URL(engine.url).port);

  await load.call("prepare", { ...plan, messages: warmUp } satisfies WebhookPlan);
  const warm = await load.call<LoadReport>("run", { ports: [port] } satisfies WebhookRun);
  await load.call("prepare", plan satisfies WebhookPlan);
  const { cost, done: full } = await meter(arena, async () => ({
    ...(await load.call<LoadReport>("run", { ports: [port] } satisfies WebhookRun)),
    messages,
  }));
  const halfRate = Math.round(cost.perSecond / 2);
  const paced = { ...plan, messages: Math.min(messages, halfRate * (quick ? 2 : 10)) };
  await load.call("prepare", paced satisfies WebhookPlan);
  const half = await load.call<LoadReport>("run", { ports: [port], perSecond: halfRate } satisfies WebhookRun);

  // Before and after, because machines are shared: what others do in between meets both.
  const baseline = round((before + (await measureBaseline(arena, load, plan, sinkPort))) / 2, 0);

  const acknowledged = warmUp + messages + paced.messages;
  const stored = await countMessages(arena.database, ["received", "held"], ids);
  return {
    cost,
    baselinePerSecond: baseline,
    figures: { "of a bare insert alone": round(cost.perSecond / insertAlone, 2) },
    latency: { "at full rate": full.latency, "at half rate": half.latency },
    targets: [
      atLeast("messages/s", 2_000, cost.perSecond),
      atMost("p99 at half rate, ms", 50, half.latency.p99),
      atLeast("of the bare baseline", 0.6, round(cost.perSecond / baseline, 2)),
      atMost("commits per message", 0.3, cost.commits),
      atMost("engine resident memory, MiB", 300, cost.residentMiB),
    ],
    faults: [
      ...[warm, full, half].flatMap(loadFaults),
      ...(stored === acknowledged ? [] : [`I1: ${acknowledged} messages acknowledged, ${stored} stored`]),
    ],
  };
}
