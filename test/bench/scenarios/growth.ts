import { openArena, type Arena } from "../arena.ts";
import { fill } from "../fill.ts";
import { round } from "../latency.ts";
import { runMainJob } from "../main-job.ts";
import type { Cost } from "../meter.ts";
import { atMost, type Scenario, type Settings } from "../scenario.ts";
import { measureSteps, type StepCost, type StepCosts } from "../steps.ts";

/** What is stored belongs to channels of its own, so that it is not counted among a run's messages. */
const FILLED_CHANNELS = Array.from({ length: 200 }, (_, index) => `filled-${index}`);

/** How cost grows with what is stored and with the number of channels: every run on a fresh copy of what was filled once. */
export const growth: Scenario = {
  name: "growth",
  title: "taking in, claiming, and text webhook → MDM on top of what is stored, with more channels",
  run: async (settings) => {
    const sizes = settings.quick ? [1_000, 10_000] : [10_000, 100_000, 1_000_000];
    const filled: Arena[] = [];
    try {
      for (const size of sizes) filled.push(await openFilled(settings, size));
      const steps = await stepsOnCopies(settings, filled);
      const cells = await runCells(settings, sizes, filled);
      return {
        figures: {
          ...Object.fromEntries(
            steps.map(({ intake, claim }, at) => [
              `${sizes[at]} stored, PostgreSQL alone`,
              `taking in ${written(intake)}, claiming ${written(claim)} per message`,
            ]),
          ),
          ...Object.fromEntries(cells.map(({ name, cost }) => [name, costOf(cost)])),
        },
        targets: [
          atMost(
            "PostgreSQL's CPU for taking one in with the most stored, of that with the least",
            1.1,
            ratio(steps.map(({ intake }) => intake.cpuMs)),
          ),
          atMost(
            "PostgreSQL's CPU for claiming with the most stored, of that with the least",
            1.1,
            ratio(steps.map(({ claim }) => claim.cpuMs)),
          ),
          atMost(
            "CPU per message with the most stored, of that with the least (fewest channels)",
            1.3,
            ratio(cells.filter(({ fewest }) => fewest).map(({ cost }) => cost.engineCpuMs + cost.databaseCpuMs)),
          ),
        ],
        faults: cells.flatMap(({ faults }) => faults),
      };
    } finally {
      for (const arena of filled) await arena.close();
    }
  },
};

interface Cell {
  readonly name: string;
  readonly fewest: boolean;
  readonly cost: Cost;
  readonly faults: readonly string[];
}

async function runCells(settings: Settings, sizes: readonly number[], filled: readonly Arena[]): Promise<Cell[]> {
  const channelCounts = settings.quick ? [20] : [1, 20, 200];
  const cells: Cell[] = [];
  for (const [at, arena] of filled.entries()) {
    for (const channels of channelCounts) {
      const job = {
        ...{ channel: "text-to-mdm", channels, connections: 32, halfRateSeconds: 0 },
        ...(settings.quick
          ? { conversations: 120, warmUp: 500, messages: 500 }
          : { conversations: 600, warmUp: 5_000, messages: 15_000 }),
      };
      const copy = await openArena({ ...settings, like: arena });
      try {
        const { cost, faults } = await runMainJob(copy, job);
        const name = `${sizes[at]} stored, ${channels} channels`;
        cells.push({ name, fewest: channels === channelCounts[0], cost, faults });
      } finally {
        await copy.close();
      }
    }
  }
  return cells;
}

async function openFilled(settings: Settings, size: number): Promise<Arena> {
  const arena = await openArena(settings);
  await fill(arena, size, FILLED_CHANNELS);
  await arena.database.disconnect();
  return arena;
}

async function stepsOnCopies({ quick, ...settings }: Settings, filled: readonly Arena[]): Promise<StepCosts[]> {
  const copies: Arena[] = [];
  try {
    for (const like of filled) copies.push(await openArena({ ...settings, like }));
    return await measureSteps(copies, quick ? { warmUp: 500, messages: 1_000 } : { warmUp: 10_000, messages: 20_000 });
  } finally {
    for (const copy of copies) await copy.close();
  }
}

/** Of the last to the first. */
function ratio(costs: readonly number[]): number {
  return round((costs.at(-1) ?? 0) / (costs[0] ?? 0), 2);
}

function written({ cpuMs, walBytes }: StepCost): string {
  return `CPU ${cpuMs} ms and ${walBytes} bytes WAL`;
}

function costOf({ perSecond, engineCpuMs, databaseCpuMs, commits, walBytes }: Cost): string {
  return `${perSecond} messages/s, CPU ${engineCpuMs} + ${databaseCpuMs} ms, ${commits} commits, ${walBytes} bytes WAL per message`;
}
