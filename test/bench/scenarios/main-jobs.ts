import { openArena } from "../arena.ts";
import { round } from "../latency.ts";
import { runMainJob, type MainJob } from "../main-job.ts";
import { atLeast, atMost, type Scenario } from "../scenario.ts";

const KIB = 1_024;
const TEXT = { connections: 32, warmUp: 1_000 };
const IMAGE = { conversations: 64, connections: 16, imageBytes: 300 * KIB };
const LARGE = { conversations: 32, connections: 8, imageBytes: 5 * KIB * KIB };

/** Text: a webhook becomes an MDM, acknowledged AA and settled, each conversation in its order. */
export const textToMdm = mainJob({
  name: "text-to-mdm",
  title: "text webhook → MDM (AA) → settled",
  perSecond: 1_000,
  job: (quick) => ({
    ...TEXT,
    conversations: conversations(quick),
    channel: "text-to-mdm",
    messages: quick ? 2_000 : 20_000,
    halfRateSeconds: quick ? 1 : 10,
  }),
});

/** Text into chart and archive: a FHIR transaction read back, and an MDM. */
export const textToChart = mainJob({
  name: "text-to-chart",
  title: "text webhook → FHIR transaction and MDM, confirmed, filed",
  perSecond: 400,
  job: (quick) => ({
    ...TEXT,
    conversations: conversations(quick),
    channel: "to-chart",
    fhir: true,
    messages: quick ? 1_500 : 10_000,
    halfRateSeconds: quick ? 1 : 10,
  }),
});

/** An image of 300 KB, fetched, hashed, sealed, and sent as ED. */
export const imageToMdm = mainJob({
  name: "image-to-mdm",
  title: "image of 300 KB → ED in an MDM",
  perSecond: 100,
  job: (quick) => ({ ...IMAGE, channel: "text-to-mdm", warmUp: 20, messages: quick ? 60 : 1_000, halfRateSeconds: 0 }),
});

/** An image of 5 MB into chart and archive; memory must not follow it. */
export const imageToChart = mainJob({
  name: "image-to-chart",
  title: "image of 5 MB → Binary and ED, confirmed, filed",
  perSecond: 10,
  job: (quick) => ({
    ...LARGE,
    channel: "to-chart",
    fhir: true,
    warmUp: 4,
    messages: quick ? 10 : 200,
    halfRateSeconds: 0,
  }),
});

/** Making that many patients known takes longer than a quick run. */
function conversations(quick: boolean): number {
  return quick ? 128 : 512;
}

interface Plan {
  readonly name: string;
  readonly title: string;
  /** To reach. */
  readonly perSecond: number;
  readonly job: (quick: boolean) => MainJob;
}

function mainJob({ name, title, perSecond, job }: Plan): Scenario {
  return {
    name,
    title,
    run: async (settings) => {
      const arena = await openArena(settings);
      try {
        const { cost, baselinePerSecond, halfRate, faults } = await runMainJob(arena, job(settings.quick));
        return {
          cost,
          baselinePerSecond,
          ...(halfRate && { latency: { "to filed at half rate": halfRate } }),
          targets: [
            atLeast("messages/s", perSecond, cost.perSecond),
            atMost("commits per message", 0.3, cost.commits),
            atMost("engine resident memory, MiB", 300, cost.residentMiB),
          ],
          figures: { "of the bare baseline": round(cost.perSecond / baselinePerSecond, 2) },
          faults,
        };
      } finally {
        await arena.close();
      }
    },
  };
}
