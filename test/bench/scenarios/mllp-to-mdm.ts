import { fileURLToPath } from "node:url";
import { freePort } from "#src/demo/free-port.ts";
import { openArena, type Arena } from "../arena.ts";
import { meter } from "../meter.ts";
import { arrivalFaults, waitForMessages } from "../outcome.ts";
import type { MllpLoadReport, MllpRun } from "../processes/mllp-load.ts";
import type { MllpSinkReport } from "../processes/mllp-sink.ts";
import { atLeast, atMost, type Result, type Scenario, type Settings } from "../scenario.ts";

const WARM_UP = 1_000;
const KEYS = 512;
const CONNECTIONS = 32;

/** The rival's own test: HL7 in, acknowledged when durable, mapped, MDM out; here each patient's order is kept. */
export const mllpToMdm: Scenario = {
  name: "mllp-to-mdm",
  title: "MLLP in (1 KB, AA on commit) → mapped → MDM out, order per patient",
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
  const messages = quick ? 2_000 : 20_000;
  const port = await freePort("127.0.0.1");
  const channels = (await arena.deploy("mllp-to-mdm")).map(({ id }) => id);
  const load = arena.startChild("mllp-load");
  const sink = arena.startChild("mllp-sink");
  arena.env["KIS_MLLP_PORT"] = String(await sink.call<number>("listen"));
  arena.env["BENCH_MLLP_PORT"] = String(port);
  arena.env["BOTENSTOFF_MAPPINGS_DIR"] = fileURLToPath(new URL("../mappings", import.meta.url));
  await arena.startEngine();
  let sent = 0;
  let accepted = 0;
  const send = async (count: number) => {
    const started = performance.now();
    const run: MllpRun = { port, messages: count, keys: KEYS, connections: CONNECTIONS };
    const report = await load.call<MllpLoadReport>("run", run);
    sent += count;
    accepted += report.accepted;
    await waitForMessages(arena.database, channels, sent);
    return { messages: count, seconds: (performance.now() - started) / 1_000, latency: report.latency };
  };
  await send(WARM_UP);
  const { cost, done } = await meter(arena, () => send(messages));
  const arrived = await sink.call<MllpSinkReport>("report");
  return {
    cost,
    latency: { "to AA at full rate": done.latency },
    targets: [
      atLeast("messages/s", 1_000, cost.perSecond),
      atMost("commits per message", 0.3, cost.commits),
      atMost("engine resident memory, MiB", 300, cost.residentMiB),
    ],
    faults: [
      ...(accepted === sent ? [] : [`${sent - accepted} messages were not accepted`]),
      ...arrivalFaults("the MLLP sink", arrived, sent),
    ],
  };
}
