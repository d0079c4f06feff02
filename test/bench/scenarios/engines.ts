import { openArena } from "../arena.ts";
import { runMainJob } from "../main-job.ts";
import { atLeast, type Scenario } from "../scenario.ts";

/** Runs of the same thing differ by this much on a machine that does nothing else. */
const NOISE = 0.85;

/** Two, three and four engines on one PostgreSQL: everything once and in order, and not slower than one. */
export const engines: Scenario = {
  name: "engines",
  title: "text webhook → MDM with one to four engines on one PostgreSQL",
  run: async (settings) => {
    const rates: number[] = [];
    const faults: string[] = [];
    const figures: Record<string, string> = {};
    for (const count of settings.quick ? [1, 2] : [1, 2, 3, 4]) {
      const arena = await openArena(settings);
      try {
        const { cost, faults: found } = await runMainJob(arena, {
          channel: "text-to-mdm",
          engines: count,
          conversations: settings.quick ? 128 : 512,
          connections: 64,
          // Each engine compiles its own code.
          warmUp: count * (settings.quick ? 500 : 2_000),
          messages: settings.quick ? 1_000 : 10_000,
          halfRateSeconds: 0,
        });
        rates.push(cost.perSecond);
        faults.push(...found.map((fault) => `${count} engines: ${fault}`));
        figures[`${count} engines`] =
          `${cost.perSecond} messages/s, ${cost.commits} commits per message, ${cost.residentMiB} MiB in all`;
      } finally {
        await arena.close();
      }
    }
    const [alone = 0, ...more] = rates;
    const slowest = Math.min(...more);
    return {
      figures,
      targets: [
        atLeast("messages/s of the slowest number of engines, within noise", Math.round(alone * NOISE), slowest),
      ],
      faults,
    };
  },
};
