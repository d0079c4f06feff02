import type { Database } from "./database.ts";
import { round } from "./latency.ts";
import { cpuMs, familyCpuMs, residentMiB } from "./processes-table.ts";

/** What one message cost, over everything that worked on it. */
export interface Cost {
  readonly perSecond: number;
  readonly engineCpuMs: number;
  readonly databaseCpuMs: number;
  readonly commits: number;
  readonly walBytes: number;
  /** Peak over all engines of the run since they started, MiB. */
  readonly residentMiB: number;
}

export interface Metered {
  readonly engines: readonly number[];
  readonly database: Database;
  readonly serverPid: number;
}

/** What a run brought all the way, and how long that took. */
export interface Run {
  readonly messages: number;
  readonly seconds: number;
}

/** Measures a run, and hands on whatever else it says. */
export async function meter<Done extends Run>(
  { engines, database, serverPid }: Metered,
  run: () => Promise<Done>,
): Promise<{ cost: Cost; done: Done }> {
  const before = { engine: sum(engines, cpuMs), server: familyCpuMs(serverPid), work: await database.work() };
  const done = await run();
  const { messages, seconds } = done;
  const work = await database.work();
  const cost: Cost = {
    perSecond: round(messages / seconds, 0),
    engineCpuMs: round((sum(engines, cpuMs) - before.engine) / messages, 3),
    databaseCpuMs: round((familyCpuMs(serverPid) - before.server) / messages, 3),
    commits: round((work.commits - before.work.commits) / messages, 3),
    walBytes: round((work.walBytes - before.work.walBytes) / messages, 0),
    residentMiB: round(
      sum(engines, (pid) => residentMiB(pid).peak),
      0,
    ),
  };
  return { cost, done };
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}
