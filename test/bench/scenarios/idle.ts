import { openArena } from "../arena.ts";
import { filedLatency } from "../outcome.ts";
import { runMainJob } from "../main-job.ts";
import { atMost, type Scenario } from "../scenario.ts";

/** One text now and then: how long until the chart provably holds it. */
export const idle: Scenario = {
  name: "idle",
  title: "time from receipt to filed of a text, idle engine",
  run: async (settings) => {
    const arena = await openArena(settings);
    try {
      const { faults } = await runMainJob(arena, {
        channel: "to-chart",
        fhir: true,
        conversations: 20,
        connections: 4,
        warmUp: 200,
        messages: settings.quick ? 20 : 200,
        perSecond: 10,
        halfRateSeconds: 0,
      });
      const latency = await filedLatency(arena.database, settings.quick ? 20 : 200);
      return { latency: { "to filed": latency }, targets: [atMost("p50 to filed, ms", 50, latency.p50)], faults };
    } finally {
      await arena.close();
    }
  },
};
