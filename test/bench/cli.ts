import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { untilSignal } from "../support/until-signal.ts";
import { killEngines } from "./arena.ts";
import { startServer, type Server } from "./database.ts";
import { machine } from "./machine.ts";
import { report } from "./report.ts";
import type { Result, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const USAGE = `npm run bench -- [--quick] [--json] [--profile <folder>] [scenario …]

${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join("\n")}

Exit codes: 0 every invariant held, 1 one did not, 2 used wrongly. A missed target is reported, not an error: it
depends on the machine.`;

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly profile?: string;
  readonly chosen: readonly Scenario[];
}

const INTERRUPTED = 128;

/** Nobody waits for what is still being measured. */
let over = false;
const code = await main();
// A scenario that was interrupted would go on.
if (code > INTERRUPTED) process.exit(code);
process.exitCode = code;

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  const interrupted = untilSignal();
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-bench-"));
  const server = await startServer(directory);
  try {
    return await Promise.race([interrupted, run(server, options)]);
  } finally {
    over = true;
    await killEngines();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What is asked for, or the exit code of who only asked for help or used it wrongly. */
function readOptions(): Options | number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        profile: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    const unknown = positionals.filter((wanted) => !SCENARIOS.some(({ name }) => name === wanted));
    if (unknown.length > 0) throw new Error(`no scenario "${unknown.join('", "')}"`);
    const chosen = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    const { quick, json, profile } = values;
    return { quick, json, chosen, ...(profile !== undefined && { profile }) };
  } catch (error) {
    process.stderr.write(`bench: ${Error.isError(error) ? error.message : String(error)}\n\n${USAGE}\n`);
    return 2;
  }
}

async function run(server: Server, { chosen, json, ...settings }: Options): Promise<number> {
  const results: { scenario: Scenario; result: Result }[] = [];
  for (const scenario of chosen) {
    process.stderr.write(`${scenario.name}: ${scenario.title} …\n`);
    results.push({ scenario, result: await scenario.run({ server, ...settings }).catch(broken) });
    if (over) return 1;
  }
  process.stdout.write(report({ machine: machine(), quick: settings.quick, results }, json));
  return results.some(({ result }) => result.faults.length > 0) ? 1 : 0;
}

/** A run that did not come to its end proves nothing, and the others still may. */
function broken(error: unknown): Result {
  return { targets: [], faults: [Error.isError(error) ? error.message : String(error)] };
}
