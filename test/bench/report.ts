import type { Machine } from "./machine.ts";
import type { Result, Scenario } from "./scenario.ts";

export interface Run {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly results: readonly { readonly scenario: Scenario; readonly result: Result }[];
}

/** The run for a person, or as one JSON document. */
export function report({ machine, quick, results }: Run, json: boolean): string {
  if (json) {
    const scenarios = results.map(({ scenario: { name, title }, result }) => ({ name, title, ...result }));
    return `${JSON.stringify({ machine, quick, scenarios }, undefined, 2)}\n`;
  }
  const { cpu, cores, memoryGiB, node, load } = machine;
  const head = `${cores} cores of ${cpu}, ${memoryGiB} GiB, node ${node}, load average ${load}${quick ? ", quick" : ""}`;
  return [head, ...results.flatMap(({ scenario, result }) => describe(scenario, result)), ""].join("\n");
}

function describe(
  { name, title }: Scenario,
  { cost, baselinePerSecond, latency, figures, targets, faults }: Result,
): string[] {
  const lines = ["", `${name}: ${title}`];
  if (cost) {
    const ratio =
      baselinePerSecond === undefined
        ? ""
        : ` (${(cost.perSecond / baselinePerSecond).toFixed(2)} of the bare ${baselinePerSecond}/s)`;
    lines.push(
      `  ${cost.perSecond} messages/s${ratio}; per message: CPU ${cost.engineCpuMs} ms engine + ${cost.databaseCpuMs} ms PostgreSQL, ` +
        `${cost.commits} commits, ${cost.walBytes} bytes WAL; ${cost.residentMiB} MiB resident`,
    );
  }
  for (const [what, { p50, p99, max }] of Object.entries(latency ?? {})) {
    lines.push(`  ${what}: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`);
  }
  for (const [what, value] of Object.entries(figures ?? {})) lines.push(`  ${what}: ${value}`);
  for (const { what, wanted, got, met } of targets)
    lines.push(`  ${met ? "met   " : "MISSED"} ${what}: ${got} (${wanted})`);
  for (const fault of faults) lines.push(`  FAULT  ${fault}`);
  return lines;
}
